with

visitors as (

    select * from {{ ref('dim_visitors') }}
    where
        phase = 'anonymous'
        and session_count <= 1

),

shops as (

    select * from {{ ref('dim_shops') }}

),

welcomed as (

    select
        visitors.shop_id,
        visitors.visitor_kind,
        visitors.visitor_id,
        shops.currency,
        shops.ships_within_hours,
        shops.warranty_months,
        shops.shipping_fee_amount,
        shops.free_shipping_from_amount,
        visitors.last_seen_at,
        visitors.as_of_at
    from visitors
    inner join shops
        on visitors.shop_id = shops.shop_id

)

select * from welcomed
