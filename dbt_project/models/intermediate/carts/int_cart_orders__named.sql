with

carts as (

    select * from {{ ref('stg_carts') }}

),

-- What was placed, a sale or not: drafts and failed payments came out of no cart.
orders as (

    select * from {{ ref('int_orders__sales') }}
    where is_sale or order_state not in ('draft', 'failed')

),

pairs as (

    select
        shop_id,
        cart_id,
        order_id
    from orders
    where cart_id is not null

    union

    select
        shop_id,
        cart_id,
        order_id
    from carts
    where order_id is not null

),

named as (

    select
        pairs.shop_id,
        pairs.cart_id,
        pairs.order_id,
        orders.person_id,
        orders.ordered_at
    from pairs
    inner join orders
        on
            pairs.shop_id = orders.shop_id
            and pairs.order_id = orders.order_id

)

select * from named
