with

settings as (

    select * from {{ ref('int_run__settings') }}

),

gaps as (

    select * from {{ ref('int_orders__gaps') }}

),

{{ kaplan_meier('gaps', 'shop_id, version_month, order_band') }},

survived as (

    select
        waiting.shop_id,
        waiting.version_month,
        waiting.order_band,
        waiting.gap_days,
        settings.interval_horizon_days,
        1 - waiting.waiting_rate as returned_share
    from waiting
    inner join settings
        on waiting.shop_id = settings.shop_id

),

within_horizon as (

    select
        *,
        max(returned_share) over (
            partition by shop_id, version_month, order_band
        ) as horizon_share
    from survived
    where gap_days <= interval_horizon_days

),

counted as (

    select
        shop_id,
        version_month,
        order_band,
        cast(sum(gap_count) as bigint) as gap_count,
        cast(sum(finished_count) as bigint) as finished_gap_count
    from gaps
    group by
        shop_id,
        version_month,
        order_band

),

quantiles as (

    select
        shop_id,
        version_month,
        order_band,
        interval_horizon_days,
        horizon_share,
        -- The small step forgives the last digit of a sum of logarithms.
        min(case when returned_share >= 0.25 * horizon_share - 1e-12 then gap_days end) as q25_days,
        min(case when returned_share >= 0.50 * horizon_share - 1e-12 then gap_days end) as q50_days,
        min(case when returned_share >= 0.75 * horizon_share - 1e-12 then gap_days end) as q75_days,
        min(case when returned_share >= 0.90 * horizon_share - 1e-12 then gap_days end) as q90_days
    from within_horizon
    where horizon_share > 0
    group by
        shop_id,
        version_month,
        order_band,
        interval_horizon_days,
        horizon_share

),

joined as (

    select
        counted.shop_id,
        counted.version_month,
        counted.order_band,
        quantiles.interval_horizon_days as horizon_days,
        counted.gap_count,
        counted.finished_gap_count,
        quantiles.q25_days,
        quantiles.q50_days,
        quantiles.q75_days,
        quantiles.q90_days,
        quantiles.horizon_share as returned_in_horizon_rate
    from counted
    left join quantiles
        on
            counted.shop_id = quantiles.shop_id
            and counted.version_month = quantiles.version_month
            and counted.order_band = quantiles.order_band

)

select * from joined
