{# Long for its inputs; each step is short. #}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

periods as (

    select * from {{ ref('int_run__periods') }}

),

aged as (

    select * from {{ ref('int_orders__aged') }}

),

-- Orders of one day are one visit to the shop.
order_days as (

    select distinct
        shop_id,
        person_id,
        ordered_on
    from aged
    where not is_before_history

),

numbered as (

    select
        shop_id,
        person_id,
        ordered_on,
        lead(ordered_on) over (
            partition by shop_id, person_id
            order by ordered_on asc
        ) as next_ordered_on,
        row_number() over (
            partition by shop_id, person_id
            order by ordered_on asc
        ) as order_day_no
    from order_days

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
        numbered.shop_id,
        versions.version_month,
        numbered.order_day_no,
        coalesce(numbered.next_ordered_on < versions.version_month, false) as is_finished,
        case
            when numbered.next_ordered_on < versions.version_month
                then {{ days_between('numbered.ordered_on', 'numbered.next_ordered_on') }}
            else {{ days_between('numbered.ordered_on', 'versions.version_month') }}
        end as gap_days
    from numbered
    inner join versions
        on
            numbered.shop_id = versions.shop_id
            and numbered.ordered_on < versions.version_month

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
        case
            when order_day_no = 1 then '1'
            when order_day_no = 2 then '2'
            else '3+'
        end as order_band,
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
