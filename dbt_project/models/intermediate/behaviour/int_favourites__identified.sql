with

events as (

    select * from {{ ref('int_events__identified') }}

),

favourites as (

    select * from {{ ref('stg_favourites') }}

),

keys as (

    select * from {{ ref('int_persons__keys') }}

),

-- One act told twice, as an event and as a row of the favourites, is one.
favoured as (

    select
        shop_id,
        person_id,
        product_id,
        occurred_at as favoured_at,
        occurred_on as favoured_on
    from events
    where
        event_name = 'Product Added to Wishlist'
        and product_id is not null

    union all

    select
        favourites.shop_id,
        keys.person_id,
        favourites.product_id,
        favourites.added_at as favoured_at,
        favourites.added_on as favoured_on
    from favourites
    inner join keys
        on
            favourites.shop_id = keys.shop_id
            and coalesce(favourites.customer_id, favourites.anonymous_id) = keys.key_value
            and case when favourites.customer_id is null then 'browser' else 'customer' end
            = keys.key_type
            and (keys.valid_until_at is null or favourites.added_at < keys.valid_until_at)

),

first_of_day as (

    select
        shop_id,
        person_id,
        product_id,
        favoured_on,
        min(favoured_at) as favoured_at
    from favoured
    group by
        shop_id,
        person_id,
        product_id,
        favoured_on

)

select * from first_of_day
