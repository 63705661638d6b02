{# Long for telling both when something was made a favourite and whether it still is. #}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

events as (

    select * from {{ ref('int_events__identified') }}
    where product_id is not null

),

favourites as (

    select * from {{ ref('stg_favourites') }}

),

keys as (

    select * from {{ ref('int_persons__keys') }}

),

listed as (

    select
        favourites.shop_id,
        keys.person_id,
        favourites.product_id,
        favourites.added_at,
        favourites.added_on,
        case when favourites.removed_at < as_of.as_of_at then favourites.removed_at end as removed_at
    from favourites
    inner join as_of
        on favourites.shop_id = as_of.shop_id
    inner join keys
        on
            favourites.shop_id = keys.shop_id
            and coalesce(favourites.customer_id, favourites.anonymous_id) = keys.key_value
            and case when favourites.customer_id is null then 'browser' else 'customer' end
            = keys.key_type
            and (keys.valid_until_at is null or favourites.added_at < keys.valid_until_at)

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
    where event_name = 'Product Added to Wishlist'

    union all

    select
        shop_id,
        person_id,
        product_id,
        added_at as favoured_at,
        added_on as favoured_on
    from listed

),

lifted as (

    select
        shop_id,
        person_id,
        product_id,
        occurred_at as removed_at
    from events
    where event_name = 'Product Removed from Wishlist'

    union all

    select
        shop_id,
        person_id,
        product_id,
        removed_at
    from listed
    where removed_at is not null

),

last_lifted as (

    select
        shop_id,
        person_id,
        product_id,
        max(removed_at) as removed_at
    from lifted
    group by
        shop_id,
        person_id,
        product_id

),

by_day as (

    select
        shop_id,
        person_id,
        product_id,
        favoured_on,
        min(favoured_at) as favoured_at,
        max(favoured_at) as last_favoured_at
    from favoured
    group by
        shop_id,
        person_id,
        product_id,
        favoured_on

),

marked as (

    select
        by_day.shop_id,
        by_day.person_id,
        by_day.product_id,
        by_day.favoured_on,
        coalesce(last_lifted.removed_at < by_day.last_favoured_at, true) as is_standing,
        by_day.favoured_at
    from by_day
    left join last_lifted
        on
            by_day.shop_id = last_lifted.shop_id
            and by_day.person_id = last_lifted.person_id
            and by_day.product_id = last_lifted.product_id

)

select * from marked
