with

order_items as (

    select * from {{ ref('stg_order_items') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

matched_to_orders as (

    select
        order_items.shop_id,
        order_items.order_item_id,
        order_items.order_id,
        orders.person_id,
        order_items.product_id,
        order_items.variant_id,
        order_items.sku,
        -- The category as sold, where the source kept it; else the product's of today.
        coalesce(order_items.category_id, products.category_id) as category_id,
        order_items.line_no,
        order_items.product_name,
        orders.purchase_no,
        orders.currency,
        orders.is_sale,
        order_items.is_gift,
        order_items.is_free,
        order_items.quantity,
        order_items.refunded_quantity,
        order_items.unit_amount,
        order_items.discount_amount,
        order_items.line_amount,
        order_items.refunded_amount,
        orders.ordered_at,
        orders.ordered_on,
        orders.ordered_month
    from order_items
    inner join orders
        on
            order_items.shop_id = orders.shop_id
            and order_items.order_id = orders.order_id
    left join products
        on
            order_items.shop_id = products.shop_id
            and order_items.product_id = products.product_id

)

select * from matched_to_orders
