with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

periods as (

    select * from {{ ref('int_run__periods') }}

),

order_days as (

    select * from {{ ref('int_orders__order_days') }}

),

-- One version per month of the last two years, from orders before its first day alone: any later
-- build finds the same.
versions as (

    select
        periods.shop_id,
        periods.first_month as version_month
    from periods
    inner join as_of
        on periods.shop_id = as_of.shop_id
    where
        periods.period_kind = 'month'
        and {{ months_between('periods.first_month', 'as_of.as_of_month') }} < 24

),

observed as (

    select
        order_days.shop_id,
        versions.version_month,
        order_days.order_band,
        coalesce(order_days.next_ordered_on < versions.version_month, false) as is_finished,
        case
            when order_days.next_ordered_on < versions.version_month
                then {{ days_between('order_days.ordered_on', 'order_days.next_ordered_on') }}
            else {{ days_between('order_days.ordered_on', 'versions.version_month') }}
        end as gap_days
    from order_days
    inner join versions
        on
            order_days.shop_id = versions.shop_id
            and order_days.ordered_on < versions.version_month

),

by_band as (

    select
        shop_id,
        version_month,
        'all' as order_band,
        is_finished,
        gap_days
    from observed

    union all

    select
        shop_id,
        version_month,
        order_band,
        is_finished,
        gap_days
    from observed

),

counted as (

    select
        shop_id,
        version_month,
        order_band,
        gap_days,
        count(*) as gap_count,
        count(case when is_finished then 1 end) as finished_count
    from by_band
    group by
        shop_id,
        version_month,
        order_band,
        gap_days

)

select * from counted
