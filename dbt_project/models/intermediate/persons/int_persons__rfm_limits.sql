{# Long for the three measures and their four limits each, spelt out once. #}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

order_days as (

    select * from {{ ref('int_orders__order_days') }}

),

-- As on the first day of the running month: any build of that month finds the same limits.
known as (

    select
        order_days.shop_id,
        order_days.person_id,
        as_of.as_of_month as version_month,
        {{ days_between('max(order_days.ordered_on)', 'as_of.as_of_month') }} as recency_days,
        count(*) as order_day_count,
        cast(coalesce(sum(order_days.revenue_amount), 0) as decimal(18, 4)) as revenue_amount
    from order_days
    inner join as_of
        on
            order_days.shop_id = as_of.shop_id
            and order_days.ordered_on < as_of.as_of_month
    group by
        order_days.shop_id,
        order_days.person_id,
        as_of.as_of_month

),

measured as (

    select
        shop_id,
        version_month,
        'recency' as measure,
        cast(recency_days as decimal(18, 4)) as measured_amount
    from known

    union all

    select
        shop_id,
        version_month,
        'frequency' as measure,
        cast(order_day_count as decimal(18, 4)) as measured_amount
    from known

    union all

    select
        shop_id,
        version_month,
        'monetary' as measure,
        revenue_amount as measured_amount
    from known

),

alike as (

    select
        shop_id,
        version_month,
        measure,
        measured_amount,
        count(*) as person_count
    from measured
    group by
        shop_id,
        version_month,
        measure,
        measured_amount

),

ranked as (

    select
        *,
        sum(person_count) over (
            partition by shop_id, version_month, measure
            order by measured_amount asc
        ) as up_to_count,
        sum(person_count) over (partition by shop_id, version_month, measure) as all_count
    from alike

),

-- The smallest amount that a fifth, two fifths … of the customers do not exceed.
limited as (

    select
        shop_id,
        version_month,
        measure,
        max(all_count) as person_count,
        min(case when up_to_count * 5 >= all_count then measured_amount end) as first_limit_amount,
        min(case when up_to_count * 5 >= all_count * 2 then measured_amount end) as second_limit_amount,
        min(case when up_to_count * 5 >= all_count * 3 then measured_amount end) as third_limit_amount,
        min(case when up_to_count * 5 >= all_count * 4 then measured_amount end) as fourth_limit_amount
    from ranked
    group by
        shop_id,
        version_month,
        measure

)

select * from limited
