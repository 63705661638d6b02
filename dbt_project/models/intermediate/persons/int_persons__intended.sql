with

episodes as (

    select * from {{ ref('int_cart_episodes') }}
    where person_id is not null

),

favourites as (

    select * from {{ ref('int_favourites__identified') }}
    where is_standing

),

carts as (

    select
        shop_id,
        person_id,
        count(case when abandoned_at is not null then 1 end) as abandoned_cart_count,
        count(case when close_reason is null then 1 end) as open_cart_count,
        -- The one cart open now; nothing of a product nobody knows the price of.
        max(case when close_reason is null then value_now_amount end) as open_cart_amount,
        max(abandoned_at) as last_abandoned_at
    from episodes
    group by
        shop_id,
        person_id

),

marks as (

    select
        shop_id,
        person_id,
        count(distinct product_id) as favourite_count
    from favourites
    group by
        shop_id,
        person_id

),

intended as (

    select
        coalesce(carts.shop_id, marks.shop_id) as shop_id,
        coalesce(carts.person_id, marks.person_id) as person_id,
        coalesce(carts.open_cart_count > 0, false) as has_open_cart,
        -- Nothing found is none.
        coalesce(carts.abandoned_cart_count, 0) as abandoned_cart_count,
        coalesce(marks.favourite_count, 0) as favourite_count,
        carts.open_cart_amount,
        carts.last_abandoned_at
    from carts
    full join marks
        on
            carts.shop_id = marks.shop_id
            and carts.person_id = marks.person_id

)

select * from intended
