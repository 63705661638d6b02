{# Long for the estimator and its interval, kept whole: at risk, waiting, bounds, median. #}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

settings as (

    select * from {{ ref('int_run__settings') }}

),

order_days as (

    select * from {{ ref('int_orders__order_days') }}

),

observed as (

    select
        order_days.shop_id,
        order_days.order_band,
        order_days.next_ordered_on is not null as is_finished,
        {{ days_between(
            'order_days.ordered_on', 'coalesce(order_days.next_ordered_on, as_of.as_of_on)'
        ) }} as gap_days
    from order_days
    inner join as_of
        on order_days.shop_id = as_of.shop_id

),

by_band as (

    select
        shop_id,
        order_band,
        is_finished,
        gap_days
    from observed

    union all

    select
        shop_id,
        'all' as order_band,
        is_finished,
        gap_days
    from observed

),

counted as (

    select
        shop_id,
        order_band,
        gap_days,
        count(*) as gap_count,
        count(case when is_finished then 1 end) as finished_count
    from by_band
    group by
        shop_id,
        order_band,
        gap_days

),

{{ kaplan_meier('counted', 'shop_id, order_band') }},

-- Half-width on the scale of log(-log S), where the interval keeps between 0 and 1.
spread as (

    select
        *,
        case
            when not has_nobody_left and log_waiting < 0
                then 1.959963984540054 * sqrt(greenwood_sum) / -log_waiting
        end as half_width
    from waiting

),

bounded as (

    select
        shop_id,
        order_band,
        gap_days,
        at_risk_count,
        gap_count,
        finished_count as returned_count,
        1 - waiting_rate as returned_rate,
        case when half_width is not null then 1 - exp(log_waiting * exp(-half_width)) end
            as returned_rate_low,
        case when half_width is not null then 1 - exp(log_waiting * exp(half_width)) end
            as returned_rate_high
    from spread

),

medians as (

    select
        shop_id,
        order_band,
        cast(sum(gap_count) as bigint) as order_day_count,
        cast(sum(returned_count) as bigint) as total_returned_count,
        -- The small step forgives the last digit of a sum of logarithms.
        min(case when returned_rate >= 0.5 - 1e-12 then gap_days end) as median_days
    from bounded
    group by
        shop_id,
        order_band

),

joined as (

    select
        bounded.shop_id,
        bounded.order_band,
        bounded.gap_days,
        cast(bounded.at_risk_count as bigint) as at_risk_count,
        bounded.returned_count,
        bounded.gap_count - bounded.returned_count as censored_count,
        medians.order_day_count,
        medians.total_returned_count,
        medians.median_days,
        bounded.returned_rate,
        bounded.returned_rate_low,
        bounded.returned_rate_high
    from bounded
    inner join medians
        on
            bounded.shop_id = medians.shop_id
            and bounded.order_band = medians.order_band
    inner join settings
        on bounded.shop_id = settings.shop_id
    where bounded.gap_days <= settings.interval_horizon_days

)

select * from joined
