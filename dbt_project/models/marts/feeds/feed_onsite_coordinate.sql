with

visitors as (

    select * from {{ ref('dim_visitors') }}

),

-- Pairs are of those alone who have ordered twice or more, with an account or as guests.
recommendations as (

    select * from {{ ref('fct_person_recommendations') }}
    where recommendation_reason = 'pair'

),

products as (

    select * from {{ ref('dim_products') }}

),

paired as (

    select
        visitors.shop_id,
        visitors.visitor_kind,
        visitors.visitor_id,
        recommendations.recommendation_rank as item_rank,
        recommendations.seed_product_id,
        recommendations.product_id,
        products.product_name,
        products.url,
        products.image_url,
        products.currency,
        recommendations.is_curated,
        products.price_amount,
        visitors.last_seen_at,
        visitors.as_of_at
    from visitors
    inner join recommendations
        on
            visitors.shop_id = recommendations.shop_id
            and visitors.person_id = recommendations.person_id
    inner join products
        on
            recommendations.shop_id = products.shop_id
            and recommendations.product_id = products.product_id

)

select * from paired
