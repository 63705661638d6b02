-- A row is a shop whose orders are not all in fct_orders, test accounts' left out, or whose revenue
-- does not add up over persons, months and the orders of nobody known.
with

staged as (

    select * from {{ ref('stg_orders') }}

),

merged as (

    select * from {{ ref('int_persons__merged') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

persons as (

    select * from {{ ref('dim_persons') }}

),

person_months as (

    select * from {{ ref('fct_person_months') }}

),

expected as (

    select
        staged.shop_id,
        count(*) as staged_count
    from staged
    left join merged
        on
            staged.shop_id = merged.shop_id
            and coalesce(staged.customer_id, 'guest:' || staged.email_hash) = merged.customer_id
    where not coalesce(merged.is_excluded, false)
    group by staged.shop_id

),

found as (

    select
        shop_id,
        count(*) as order_count,
        count(purchase_no) as purchase_count,
        coalesce(sum(case when purchase_no is not null then revenue_amount end), 0) as revenue_amount
    from orders
    group by shop_id

),

by_person as (

    select
        shop_id,
        sum(order_count) as purchase_count,
        sum(revenue_amount) as revenue_amount
    from persons
    group by shop_id

),

by_month as (

    select
        shop_id,
        sum(order_count) as purchase_count,
        coalesce(sum(revenue_amount), 0) as revenue_amount
    from person_months
    group by shop_id

),

compared as (

    select
        expected.shop_id,
        expected.staged_count,
        found.order_count,
        found.purchase_count,
        found.revenue_amount,
        by_person.purchase_count as person_purchase_count,
        by_person.revenue_amount as person_revenue_amount,
        coalesce(by_month.purchase_count, 0) as month_purchase_count,
        coalesce(by_month.revenue_amount, 0) as month_revenue_amount
    from expected
    left join found
        on expected.shop_id = found.shop_id
    left join by_person
        on expected.shop_id = by_person.shop_id
    left join by_month
        on expected.shop_id = by_month.shop_id

)

select *
from compared
where not coalesce(
    staged_count = order_count
    and purchase_count = month_purchase_count
    and revenue_amount = month_revenue_amount
    and coalesce(person_purchase_count, 0) = purchase_count
    and coalesce(person_revenue_amount, 0) = revenue_amount,
    false
)
