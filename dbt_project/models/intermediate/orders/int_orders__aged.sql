with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

settings as (

    select * from {{ ref('int_run__settings') }}

),

sales as (

    select * from {{ ref('int_orders__sales') }}

),

seen as (

    select * from {{ ref('int_persons__seen') }}

),

first_orders as (

    select
        shop_id,
        person_id,
        ordered_at as first_ordered_at,
        ordered_month as cohort_month
    from sales
    where purchase_no = 1

),

matched_to_first as (

    select
        sales.shop_id,
        sales.order_id,
        sales.person_id,
        sales.purchase_no,
        sales.revenue_amount,
        sales.currency,
        sales.ordered_at,
        sales.ordered_on,
        sales.ordered_month,
        first_orders.first_ordered_at,
        first_orders.cohort_month,
        coalesce(seen.first_seen_on < settings.history_from_on, false) as is_before_history,
        {{ days_between('sales.ordered_at', 'as_of.as_of_at') }} as watched_days,
        {{ months_between('first_orders.cohort_month', 'sales.ordered_month') }} as calendar_month_number,
        {{ months_between('first_orders.cohort_month', 'as_of.as_of_month') }} as complete_months
    from sales
    inner join first_orders
        on
            sales.shop_id = first_orders.shop_id
            and sales.person_id = first_orders.person_id
    inner join as_of
        on sales.shop_id = as_of.shop_id
    inner join settings
        on sales.shop_id = settings.shop_id
    left join seen
        on
            sales.shop_id = seen.shop_id
            and sales.person_id = seen.person_id
    where sales.purchase_no is not null

),

-- A month counts as lived through once the next has begun.
numbered as (

    select
        shop_id,
        order_id,
        person_id,
        purchase_no,
        currency,
        is_before_history,
        revenue_amount,
        watched_days,
        calendar_month_number,
        complete_months,
        ordered_at,
        ordered_on,
        ordered_month,
        first_ordered_at,
        cohort_month
    from matched_to_first

)

select * from numbered
