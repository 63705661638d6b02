with

reviews as (

    select * from {{ ref('stg_product_reviews') }}

),

customers as (

    select * from {{ ref('int_persons__keys') }}
    where key_type = 'customer'

),

sales as (

    select * from {{ ref('int_orders__sales') }}

),

-- A review that names only an order is its buyer's.
identified as (

    select
        reviews.shop_id,
        reviews.review_id,
        coalesce(customers.person_id, sales.person_id) as person_id,
        reviews.product_id,
        reviews.order_id,
        cast(reviews.rating as bigint) as rating,
        reviews.reviewed_at,
        reviews.reviewed_on
    from reviews
    left join customers
        on
            reviews.shop_id = customers.shop_id
            and reviews.customer_id = customers.key_value
    left join sales
        on
            reviews.shop_id = sales.shop_id
            and reviews.order_id = sales.order_id

)

select * from identified
