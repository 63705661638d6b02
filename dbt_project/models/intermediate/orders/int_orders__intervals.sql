{# Long for the estimator, kept whole: at risk, waiting, returned, quantiles. #}

with

settings as (

    select * from {{ ref('int_run__settings') }}

),

gaps as (

    select * from {{ ref('int_orders__gaps') }}

),

at_risk as (

    select
        gaps.*,
        settings.interval_horizon_days,
        -- Still waiting when this length was reached: events come before censorings of the same day.
        sum(gaps.gap_count) over (
            partition by gaps.shop_id, gaps.version_month, gaps.order_band
            order by gaps.gap_days desc
        ) as at_risk_count
    from gaps
    inner join settings
        on gaps.shop_id = settings.shop_id

),

-- Kaplan-Meier: the share still waiting is the product of 1 - events / at risk, by logarithms.
survived as (

    select
        *,
        1 - case
            when
                max(case when finished_count = at_risk_count then 1 else 0 end) over (
                    partition by shop_id, version_month, order_band
                    order by gap_days asc
                ) = 1
                then 0.0
            else exp(
                sum(
                    case
                        when finished_count < at_risk_count
                            then ln(1.0 - cast(finished_count as double) / at_risk_count)
                        else 0.0
                    end
                ) over (
                    partition by shop_id, version_month, order_band
                    order by gap_days asc
                )
            )
        end as returned_share
    from at_risk

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
