-- Fails if an order credited to a message is no sale of that person with that revenue, if the message
-- was never sent, or if a cart counts as recovered by an order that no message is credited with.
with

credited as (

    select * from {{ ref('int_recovery__credited') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

messages as (

    select * from {{ ref('fct_messages') }}

),

outcomes as (

    select * from {{ ref('fct_recovery_outcomes') }}

),

not_a_sale as (

    select
        credited.shop_id,
        credited.order_id,
        credited.message_id
    from credited
    left join orders
        on
            credited.shop_id = orders.shop_id
            and credited.order_id = orders.order_id
    left join messages
        on
            credited.shop_id = messages.shop_id
            and credited.message_id = messages.message_id
    where
        not coalesce(
            orders.is_sale
            and orders.person_id = credited.person_id
            and messages.is_sent
            and messages.person_id = credited.person_id,
            false
        )
        or orders.revenue_amount is distinct from credited.revenue_amount

),

not_credited as (

    select
        outcomes.shop_id,
        outcomes.credited_order_id as order_id,
        credited.message_id
    from outcomes
    left join credited
        on
            outcomes.shop_id = credited.shop_id
            and outcomes.credited_order_id = credited.order_id
            and credited.is_recovered
    where
        outcomes.credited_order_id is not null
        and credited.order_id is null

),

stacked as (

    select * from not_a_sale
    union all
    select * from not_credited

)

select * from stacked
