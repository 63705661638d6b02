{#- Beyond so many products a basket is a stock order, and its pairs say nothing. -#}
{%- set most_products = 30 -%}

with

signals as (

    select * from {{ ref('int_products__signals') }}

),

events as (

    select * from {{ ref('int_events__identified') }}
    where
        event_name = 'Product Viewed'
        and product_id is not null

),

sessions as (

    select * from {{ ref('int_sessions__built') }}

),

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

baskets as (

    select
        shop_id,
        'ordered' as pair_kind,
        {{ hash_key(['person_id', 'signal_on']) }} as basket_key,
        product_id
    from signals
    where signal_kind = 'order'

    union all

    select
        events.shop_id,
        'viewed' as pair_kind,
        sessions.session_id as basket_key,
        events.product_id
    from events
    inner join sessions
        on
            events.shop_id = sessions.shop_id
            and events.person_id = sessions.person_id
            and events.occurred_at >= sessions.started_at
            and events.occurred_at <= sessions.ended_at
    inner join as_of
        on
            events.shop_id = as_of.shop_id
            and events.occurred_at >= {{ add_days('as_of.as_of_at', -365) }}

),

held_once as (

    select distinct
        shop_id,
        pair_kind,
        basket_key,
        product_id
    from baskets

),

sized as (

    select
        *,
        count(*) over (partition by shop_id, pair_kind, basket_key) as product_count
    from held_once

),

kept as (

    select
        shop_id,
        pair_kind,
        basket_key,
        product_id,
        product_count
    from sized
    where product_count <= {{ most_products }}

)

select * from kept
