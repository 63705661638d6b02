with

settings as (

    select * from {{ ref('int_run__settings') }}

),

intervals as (

    select * from {{ ref('int_orders__intervals') }}

),

shop_wide as (

    select * from intervals
    where order_band = 'all'

),

bands as (

    select '1' as order_band
    union all
    select '2' as order_band
    union all
    select '3+' as order_band

),

-- Below a hundred gaps a quantile is a handful of people: the whole shop speaks for the band, and
-- where it is as small, the days of the settings do.
judged as (

    select
        shop_wide.shop_id,
        shop_wide.version_month,
        bands.order_band,
        case
            when settings.status_is_fixed = 1 then 'fixed'
            when own.gap_count >= 100 and own.q90_days is not null then 'band'
            when shop_wide.gap_count >= 100 and shop_wide.q90_days is not null then 'shop'
            else 'fixed'
        end as limit_basis,
        own.gap_count as band_gap_count,
        own.q50_days as band_q50_days,
        own.q75_days as band_q75_days,
        own.q90_days as band_q90_days,
        shop_wide.q50_days as shop_q50_days,
        shop_wide.q75_days as shop_q75_days,
        shop_wide.q90_days as shop_q90_days,
        settings.status_slowing_days,
        settings.status_at_risk_days,
        settings.status_dormant_days
    from shop_wide
    cross join bands
    inner join settings
        on shop_wide.shop_id = settings.shop_id
    left join intervals as own
        on
            shop_wide.shop_id = own.shop_id
            and shop_wide.version_month = own.version_month
            and bands.order_band = own.order_band

),

chosen as (

    select
        shop_id,
        version_month,
        order_band,
        limit_basis,
        -- Nobody of this band yet is a count of none.
        coalesce(band_gap_count, 0) as band_gap_count,
        case limit_basis
            when 'band' then band_q50_days
            when 'shop' then shop_q50_days
            else status_slowing_days
        end as slowing_after_days,
        case limit_basis
            when 'band' then band_q75_days
            when 'shop' then shop_q75_days
            else status_at_risk_days
        end as at_risk_after_days,
        case limit_basis
            when 'band' then band_q90_days
            when 'shop' then shop_q90_days
            else status_dormant_days
        end as dormant_after_days
    from judged

)

select * from chosen
