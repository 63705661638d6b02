{# Long for the eight kinds of signal, each found in its own way. #}

with

events as (

    select * from {{ ref('int_events__identified') }}

),

favourites as (

    select * from {{ ref('int_favourites__identified') }}

),

pictures as (

    select
        shop_id,
        person_id,
        occurred_at as signal_at,
        occurred_on as signal_on,
        row_number() over (
            partition by shop_id, person_id, product_id, occurred_on
            order by
                occurred_at asc,
                event_id asc
        ) as picture_no
    from events
    where
        event_name = 'Product Image Viewed'
        and product_id is not null

),

days as (

    select
        shop_id,
        person_id,
        occurred_on as signal_on,
        min(occurred_at) as signal_at,
        row_number() over (
            partition by shop_id, person_id
            order by occurred_on asc
        ) as day_no
    from events
    group by
        shop_id,
        person_id,
        occurred_on

),

signals as (

    select
        shop_id,
        person_id,
        case event_name
            when 'Product Viewed' then 'product_view'
            when 'Products Searched' then 'search'
            when 'Product Added' then 'add_to_cart'
            when 'Checkout Started' then 'checkout'
            when 'Signed Up' then 'sign_up'
        end as weight_key,
        occurred_at as signal_at,
        occurred_on as signal_on
    from events
    where
        event_name in (
            'Product Viewed', 'Products Searched', 'Product Added', 'Checkout Started', 'Signed Up'
        )

    union all

    select
        shop_id,
        person_id,
        'favourite' as weight_key,
        favoured_at as signal_at,
        favoured_on as signal_on
    from favourites

    union all

    select
        shop_id,
        person_id,
        'three_pictures' as weight_key,
        signal_at,
        signal_on
    from pictures
    where picture_no = 3

    union all

    select
        shop_id,
        person_id,
        'return_day' as weight_key,
        signal_at,
        signal_on
    from days
    where day_no > 1

),

counted as (

    select
        shop_id,
        person_id,
        weight_key,
        signal_at,
        signal_on,
        count(*) as signal_count
    from signals
    group by
        shop_id,
        person_id,
        weight_key,
        signal_at,
        signal_on

)

select * from counted
