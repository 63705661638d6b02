{# Long for the two ways an order line names what lay in the cart. #}

with

settings as (

    select * from {{ ref('int_run__settings') }}

),

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

episodes as (

    select * from {{ ref('int_cart_episodes') }}
    where is_abandoned

),

items as (

    select * from {{ ref('int_cart_episode_items__held') }}
    where
        held_when = 'abandoned'
        and quantity > 0
        and coalesce(product_id, sku) is not null

),

orders as (

    select * from {{ ref('int_recovery__orders') }}

),

order_items as (

    select * from {{ ref('stg_order_items') }}

),

-- Sizes and colours of one product are one product here.
left_behind as (

    select
        items.shop_id,
        items.episode_id,
        coalesce(items.product_id, items.sku) as product_key,
        max(items.product_id) as product_id,
        episodes.person_id,
        sum(items.quantity) as quantity,
        sum(cast(items.quantity as decimal(12, 3)) * cast(items.unit_amount as decimal(18, 4)))
            as value_amount,
        episodes.abandoned_at,
        {{ add_days('episodes.abandoned_at', 'settings.recovery_window_days') }} as window_ends_at,
        episodes.abandoned_on,
        as_of.as_of_at
    from items
    inner join episodes
        on
            items.shop_id = episodes.shop_id
            and items.episode_id = episodes.episode_id
    inner join settings
        on items.shop_id = settings.shop_id
    inner join as_of
        on items.shop_id = as_of.shop_id
    group by
        items.shop_id,
        items.episode_id,
        coalesce(items.product_id, items.sku),
        episodes.person_id,
        episodes.abandoned_at,
        settings.recovery_window_days,
        episodes.abandoned_on,
        as_of.as_of_at

),

bought as (

    select distinct
        orders.shop_id,
        orders.person_id,
        order_items.product_id as product_key,
        orders.ordered_by_at
    from orders
    inner join order_items
        on
            orders.shop_id = order_items.shop_id
            and orders.order_id = order_items.order_id
    where order_items.product_id is not null

    union

    select distinct
        orders.shop_id,
        orders.person_id,
        order_items.sku as product_key,
        orders.ordered_by_at
    from orders
    inner join order_items
        on
            orders.shop_id = order_items.shop_id
            and orders.order_id = order_items.order_id
    where order_items.sku is not null

),

first_bought as (

    select
        left_behind.shop_id,
        left_behind.episode_id,
        left_behind.product_key,
        min(bought.ordered_by_at) as bought_at
    from left_behind
    inner join bought
        on
            left_behind.shop_id = bought.shop_id
            and left_behind.person_id = bought.person_id
            and left_behind.product_key = bought.product_key
            and left_behind.abandoned_at <= bought.ordered_by_at
    group by
        left_behind.shop_id,
        left_behind.episode_id,
        left_behind.product_key

),

followed as (

    select
        left_behind.shop_id,
        left_behind.episode_id,
        left_behind.product_key,
        left_behind.product_id,
        left_behind.person_id,
        first_bought.bought_at is not null as is_bought,
        coalesce(first_bought.bought_at < left_behind.window_ends_at, false) as is_bought_in_window,
        left_behind.window_ends_at <= left_behind.as_of_at as is_mature,
        left_behind.quantity,
        left_behind.value_amount,
        {{ month_of('left_behind.abandoned_on') }} as abandoned_month
    from left_behind
    left join first_bought
        on
            left_behind.shop_id = first_bought.shop_id
            and left_behind.episode_id = first_bought.episode_id
            and left_behind.product_key = first_bought.product_key

)

select * from followed
