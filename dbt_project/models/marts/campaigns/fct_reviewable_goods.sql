with

lines as (

    select * from {{ ref('fct_order_lines') }}
    where product_id is not null

),

reviews as (

    select distinct
        shop_id,
        person_id,
        product_id
    from {{ ref('int_reviews__identified') }}

),

reviewable as (

    select
        lines.shop_id,
        lines.order_id,
        lines.product_id,
        lines.person_id,
        max(lines.ordered_at) as ordered_at
    from lines
    left join reviews
        on
            lines.shop_id = reviews.shop_id
            and lines.person_id = reviews.person_id
            and lines.product_id = reviews.product_id
    where
        reviews.product_id is null
        and lines.is_sale
        and not lines.is_free
        and coalesce(lines.refunded_quantity, 0) < lines.quantity
    group by
        lines.shop_id,
        lines.order_id,
        lines.product_id,
        lines.person_id

)

select * from reviewable
