{# Long for its three kinds of basket, each found in its own way. #}

{#- Beyond so many products a basket is a stock order, and its pairs say nothing. -#}
{%- set most_products = 30 -%}

with

signals as (

    select * from {{ ref('int_products__signals') }}

),

nobodys_sales as (

    select * from {{ ref('int_orders__sales') }}
    where
        is_sale
        and person_id is null

),

order_items as (

    select * from {{ ref('stg_order_items') }}

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

    -- Of an order nobody can be named for, what it holds is all that is known to go together.
    select
        nobodys_sales.shop_id,
        'ordered' as pair_kind,
        {{ hash_key(['nobodys_sales.order_id']) }} as basket_key,
        order_items.product_id
    from nobodys_sales
    inner join order_items
        on
            nobodys_sales.shop_id = order_items.shop_id
            and nobodys_sales.order_id = order_items.order_id
    inner join as_of
        on
            nobodys_sales.shop_id = as_of.shop_id
            and nobodys_sales.ordered_at >= {{ add_days('as_of.as_of_at', -365) }}
    where
        order_items.product_id is not null
        and not order_items.is_free

    union all

    -- Two screens at one time are two sessions, and so are two persons at one screen.
    select
        events.shop_id,
        'viewed' as pair_kind,
        {{ hash_key(['sessions.session_id', 'events.person_id']) }} as basket_key,
        events.product_id
    from events
    inner join sessions
        on
            events.shop_id = sessions.shop_id
            and {{ visitor_key('events.anonymous_id', 'events.person_id') }} = sessions.visitor_key
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
