{#- Days after an order with a recovery coupon in which a cart left behind may wait for the next one. -#}
{%- set watched_days = 30 -%}
{#- Once may be chance. -#}
{%- set least_abandonments = 2 -%}

with

settings as (

    select * from {{ ref('int_run__settings') }}

),

messages as (

    select * from {{ ref('int_messages__handed_over') }}
    where
        coupon_code is not null
        and person_id is not null

),

episodes as (

    select * from {{ ref('int_cart_episodes') }}

),

orders as (

    select * from {{ ref('int_recovery__orders') }}
    where coupon_codes is not null

),

-- A recovery coupon came with a message about a cart, and is used by whom it was sent to.
coupon_orders as (

    select distinct
        messages.shop_id,
        messages.person_id,
        orders.order_id,
        orders.ordered_by_at
    from messages
    inner join episodes
        on
            messages.shop_id = episodes.shop_id
            and messages.occurrence_key = episodes.episode_id
    inner join orders
        on
            messages.shop_id = orders.shop_id
            and messages.person_id = orders.person_id
            and {{ holds_coupon('orders.coupon_codes', 'messages.coupon_code') }}

),

-- A cart left after two such orders is left once.
abandonments as (

    select distinct
        coupon_orders.shop_id,
        coupon_orders.person_id,
        episodes.episode_id,
        episodes.abandoned_at
    from coupon_orders
    inner join episodes
        on
            coupon_orders.shop_id = episodes.shop_id
            and coupon_orders.person_id = episodes.person_id
            and coupon_orders.ordered_by_at <= episodes.abandoned_at
            and {{ add_days('coupon_orders.ordered_by_at', watched_days) }} > episodes.abandoned_at

),

trained as (

    select
        abandonments.shop_id,
        abandonments.person_id,
        count(*) as coupon_abandonment_count,
        {{ add_days('max(abandonments.abandoned_at)', 'max(settings.coupon_gap_days)') }}
            as coupon_blocked_until_at
    from abandonments
    inner join settings
        on abandonments.shop_id = settings.shop_id
    group by
        abandonments.shop_id,
        abandonments.person_id
    having count(*) >= {{ least_abandonments }}

)

select * from trained
