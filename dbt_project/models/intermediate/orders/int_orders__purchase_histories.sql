with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

order_days as (

    select * from {{ ref('int_orders__order_days') }}

),

-- The first order day begins the clock: it is no repeat, and its amount is not among the averaged.
summed_up as (

    select
        shop_id,
        person_id,
        count(*) - 1 as repeat_count,
        count(case when order_day_no > 1 and revenue_amount > 0 then 1 end) as valued_count,
        sum(case when order_day_no > 1 and revenue_amount > 0 then revenue_amount end) as valued_amount,
        min(ordered_on) as first_ordered_on,
        max(ordered_on) as last_ordered_on
    from order_days
    group by
        shop_id,
        person_id

),

timed as (

    select
        summed_up.shop_id,
        summed_up.person_id,
        summed_up.repeat_count,
        summed_up.valued_count,
        {{ days_between('summed_up.first_ordered_on', 'summed_up.last_ordered_on') }} as recency_days,
        {{ days_between('summed_up.first_ordered_on', 'as_of.as_of_on') }} as watched_days,
        cast(summed_up.valued_amount as double) / nullif(summed_up.valued_count, 0) as average_amount
    from summed_up
    inner join as_of
        on summed_up.shop_id = as_of.shop_id

)

select * from timed
