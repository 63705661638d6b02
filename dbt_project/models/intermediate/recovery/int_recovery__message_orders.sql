{# Long for each way an order is linked to a message. #}

with

messages as (

    select * from {{ ref('int_messages__reported') }}
    where
        is_sent
        and person_id is not null

),

orders as (

    select * from {{ ref('int_recovery__orders') }}

),

order_items as (

    select * from {{ ref('stg_order_items') }}

),

episode_items as (

    select * from {{ ref('int_cart_episode_items__held') }}

),

sessions as (

    select * from {{ ref('int_sessions__built') }}
    where entry_token is not null

),

-- Bounded by the window: an order beyond it never changes a message that is settled.
in_window as (

    select
        messages.shop_id,
        messages.message_id,
        orders.order_id,
        messages.occurrence_key,
        messages.recipient_token,
        messages.person_id,
        coalesce(messages.recipient_token = orders.export_token, false) as has_link_token,
        {{ holds_coupon('orders.coupon_codes', 'messages.coupon_code') }} as has_personal_coupon,
        messages.handed_over_at,
        messages.sent_at,
        messages.window_ends_at,
        orders.ordered_by_at
    from messages
    inner join orders
        on
            messages.shop_id = orders.shop_id
            and messages.person_id = orders.person_id
            and messages.sent_at <= orders.ordered_by_at
            and messages.window_ends_at > orders.ordered_by_at

),

same_goods as (

    select distinct
        in_window.shop_id,
        in_window.message_id,
        in_window.order_id
    from in_window
    inner join episode_items
        on
            in_window.shop_id = episode_items.shop_id
            and in_window.occurrence_key = episode_items.episode_id
    inner join order_items
        on
            in_window.shop_id = order_items.shop_id
            and in_window.order_id = order_items.order_id
            and (
                episode_items.product_id = order_items.product_id
                or episode_items.sku = order_items.sku
            )

),

link_sessions as (

    select distinct
        in_window.shop_id,
        in_window.message_id,
        in_window.order_id
    from in_window
    inner join sessions
        on
            in_window.shop_id = sessions.shop_id
            and in_window.recipient_token = sessions.entry_token
            and in_window.ordered_by_at >= sessions.started_at
            and in_window.ordered_by_at < sessions.gap_ends_at

),

facts as (

    select
        in_window.shop_id,
        in_window.message_id,
        in_window.order_id,
        same_goods.order_id is not null as is_same_goods,
        in_window.has_link_token
        or in_window.has_personal_coupon
        or link_sessions.order_id is not null as is_via_link,
        in_window.has_personal_coupon,
        in_window.has_link_token,
        in_window.handed_over_at,
        in_window.sent_at,
        in_window.ordered_by_at
    from in_window
    left join same_goods
        on
            in_window.shop_id = same_goods.shop_id
            and in_window.message_id = same_goods.message_id
            and in_window.order_id = same_goods.order_id
    left join link_sessions
        on
            in_window.shop_id = link_sessions.shop_id
            and in_window.message_id = link_sessions.message_id
            and in_window.order_id = link_sessions.order_id

)

select * from facts
