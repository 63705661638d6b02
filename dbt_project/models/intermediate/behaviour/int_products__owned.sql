with

sales as (

    select * from {{ ref('int_orders__sales') }}
    where
        is_sale
        and person_id is not null

),

order_items as (

    select * from {{ ref('stg_order_items') }}
    where product_id is not null

),

owned as (

    select
        sales.shop_id,
        sales.person_id,
        order_items.product_id,
        count(distinct sales.order_id) as order_count,
        max(sales.ordered_on) as last_ordered_on
    from sales
    inner join order_items
        on
            sales.shop_id = order_items.shop_id
            and sales.order_id = order_items.order_id
    group by
        sales.shop_id,
        sales.person_id,
        order_items.product_id

)

select * from owned
