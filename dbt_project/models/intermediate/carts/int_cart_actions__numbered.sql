{# Long for what an order may share with a cart (product, sku, cart, checkout, anything), spelled out mark by mark. #}

with

settings as (

    select * from {{ ref('int_run__settings') }}

),

actions as (

    select * from {{ ref('int_cart_actions__stacked') }}

),

order_items as (

    select * from {{ ref('stg_order_items') }}

),

cart_orders as (

    select * from {{ ref('int_cart_orders__named') }}

),

-- Equal instants sort add, change, remove, checkout, order; the key settles the rest.
ranked_kinds as (

    select
        *,
        case action_kind
            when 'add' then 1
            when 'change' then 2
            when 'remove' then 3
            when 'checkout' then 4
            when 'payment' then 4
            else 5
        end as action_rank,
        action_kind in ('order', 'void_order') as is_order
    from actions

),

positioned as (

    select
        *,
        row_number() over (
            partition by shop_id, actor_key
            order by
                acted_at,
                action_rank,
                action_key
        ) as position
    from ranked_kinds

),

with_previous as (

    select
        *,
        max(case when not is_order then acted_at end) over (
            partition by shop_id, actor_key
            order by position
            rows between unbounded preceding and 1 preceding
        ) as previous_activity_at
    from positioned

),

with_expiry as (

    select
        with_previous.*,
        {{ add_days('with_previous.previous_activity_at', 'settings.cart_expiry_days') }}
            as expiry_at
    from with_previous
    inner join settings
        on with_previous.shop_id = settings.shop_id

),

-- A cart survives no pause as long as its expiry: such a pause parts blocks that know nothing of
-- each other. An order does not begin a block, for it opens no cart.
blocked as (

    select
        *,
        sum(case when not is_order and acted_at >= expiry_at then 1 else 0 end) over (
            partition by shop_id, actor_key
            order by position
            rows between unbounded preceding and current row
        ) as block_no
    from with_expiry

),

orders as (

    select * from blocked
    where is_order

),

order_goods as (

    select
        orders.shop_id,
        orders.actor_key,
        orders.block_no,
        orders.position,
        order_items.product_id,
        order_items.sku
    from orders
    left join order_items
        on
            orders.shop_id = order_items.shop_id
            and orders.order_id = order_items.order_id
            and coalesce(order_items.product_id, order_items.sku) is not null

),

-- What an order may share with a cart: goods, else anything where it names none; cart, checkout.
order_marks as (

    select
        shop_id,
        actor_key,
        block_no,
        position,
        'product' as mark_kind,
        product_id as mark_value
    from order_goods
    where product_id is not null

    union all

    select
        shop_id,
        actor_key,
        block_no,
        position,
        'sku' as mark_kind,
        sku as mark_value
    from order_goods
    where sku is not null

    union all

    select
        shop_id,
        actor_key,
        block_no,
        position,
        'any' as mark_kind,
        'any' as mark_value
    from order_goods
    where coalesce(product_id, sku) is null

    union all

    select
        shop_id,
        actor_key,
        block_no,
        position,
        'checkout' as mark_kind,
        checkout_id as mark_value
    from orders
    where checkout_id is not null

    union all

    select
        orders.shop_id,
        orders.actor_key,
        orders.block_no,
        orders.position,
        'cart' as mark_kind,
        cart_orders.cart_id as mark_value
    from orders
    inner join cart_orders
        on
            orders.shop_id = cart_orders.shop_id
            and orders.order_id = cart_orders.order_id

),

marks as (

    select
        shop_id,
        actor_key,
        block_no,
        position,
        mark_kind,
        mark_value,
        true as is_order
    from order_marks

    union all

    select
        shop_id,
        actor_key,
        block_no,
        position,
        'product' as mark_kind,
        product_id as mark_value,
        false as is_order
    from blocked
    where
        -- What a view of the cart shows lies in it, too.
        (action_kind = 'add' or (action_kind = 'change' and quantity_set > 0))
        and product_id is not null

    union all

    select
        shop_id,
        actor_key,
        block_no,
        position,
        'sku' as mark_kind,
        sku as mark_value,
        false as is_order
    from blocked
    where
        -- What a view of the cart shows lies in it, too.
        (action_kind = 'add' or (action_kind = 'change' and quantity_set > 0))
        and sku is not null

    union all

    select
        shop_id,
        actor_key,
        block_no,
        position,
        'any' as mark_kind,
        'any' as mark_value,
        false as is_order
    from blocked
    where action_kind = 'add'

    union all

    select
        shop_id,
        actor_key,
        block_no,
        position,
        'cart' as mark_kind,
        cart_id as mark_value,
        false as is_order
    from blocked
    where
        action_kind in ('add', 'change', 'checkout', 'payment')
        and cart_id is not null

    union all

    select
        shop_id,
        actor_key,
        block_no,
        position,
        'checkout' as mark_kind,
        checkout_id as mark_value,
        false as is_order
    from blocked
    where
        action_kind in ('add', 'change', 'checkout', 'payment')
        and checkout_id is not null

),

last_marked as (

    select
        *,
        max(case when not is_order then position end) over (
            partition by shop_id, actor_key, block_no, mark_kind, mark_value
            order by position
            rows between unbounded preceding and current row
        ) as marked_position
    from marks

),

-- An order closes the cart that is open if that cart opened at or before this position.
matched as (

    select
        shop_id,
        actor_key,
        position,
        max(case when mark_kind in ('cart', 'checkout') then marked_position end)
            as same_cart_position,
        max(case when mark_kind in ('product', 'sku') then marked_position end) as same_goods_position,
        max(marked_position) as matched_position
    from last_marked
    where is_order
    group by
        shop_id,
        actor_key,
        position

),

numbered as (

    select
        blocked.*,
        matched.same_cart_position,
        matched.same_goods_position,
        matched.matched_position
    from blocked
    left join matched
        on
            blocked.shop_id = matched.shop_id
            and blocked.actor_key = matched.actor_key
            and blocked.position = matched.position

)

select * from numbered
