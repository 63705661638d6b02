{# Long for its four sources of cart actions, which must become one kind of row in one place. #}

with

events as (

    select * from {{ ref('int_events__identified') }}

),

item_changes as (

    select * from {{ ref('int_cart_items__compared') }}

),

observations as (

    select * from {{ ref('int_cart_observations__changed') }}

),

cart_orders as (

    select * from {{ ref('int_cart_orders__named') }}

),

-- What was placed empties the cart, a sale or not. Drafts and failed payments were not placed.
orders as (

    select * from {{ ref('int_orders__sales') }}
    where is_sale or order_state not in ('draft', 'failed')

),

event_actions as (

    select
        shop_id,
        event_id as action_key,
        person_id as actor_key,
        person_id,
        cart_id,
        checkout_id,
        cast(null as string) as order_id,
        case
            when event_name in ('Product Added', 'Product Removed', 'Cart Viewed')
                then coalesce(product_id, sku, variant_id, 'unnamed')
        end as item_key,
        product_id,
        variant_id,
        sku,
        device,
        case event_name
            when 'Product Added' then 'add'
            when 'Cart Viewed' then 'change'
            when 'Product Removed' then 'remove'
            when 'Payment Info Entered' then 'payment'
            when 'Payment Failed' then 'payment'
            else 'checkout'
        end as action_kind,
        'event' as action_basis,
        'instant' as acted_precision,
        case event_name
            when 'Product Added' then coalesce(quantity, 1)
            when 'Product Removed' then -quantity
        end as quantity_delta,
        case
            when event_name = 'Cart Viewed' then quantity
            -- A remove that does not say how many takes all.
            when event_name = 'Product Removed' and quantity is null then 0
        end as quantity_set,
        price_amount as unit_amount,
        occurred_at as acted_at,
        occurred_on as acted_on,
        identified_at
    from events
    where
        event_name in (
            'Product Added',
            'Product Removed',
            'Checkout Started',
            'Checkout Step Completed',
            'Payment Info Entered',
            'Payment Failed'
        )
        or (
            event_name = 'Cart Viewed'
            and quantity is not null
            and coalesce(product_id, sku, variant_id) is not null
        )

),

-- A cart may vanish from the shop a little before its order is written.
soon_ordered_carts as (

    select distinct
        observations.shop_id,
        observations.cart_id,
        observations.cart_state,
        observations.acted_at
    from observations
    inner join cart_orders
        on
            observations.shop_id = cart_orders.shop_id
            and observations.cart_id = cart_orders.cart_id
    where
        observations.cart_state = 'gone'
        and cart_orders.ordered_at >= observations.acted_at
        and cart_orders.ordered_at < {{ add_days('observations.acted_at', 1) }}

),

snapshot_item_actions as (

    select
        item_changes.shop_id,
        {{ hash_key([
            'item_changes.cart_id', 'item_changes.acted_at', 'item_changes.item_key'
        ]) }} as action_key,
        item_changes.actor_key,
        item_changes.person_id,
        item_changes.cart_id,
        cast(null as string) as checkout_id,
        cast(null as string) as order_id,
        -- Two carts seen side by side hold their own goods each.
        item_changes.cart_id || '|' || item_changes.item_key as item_key,
        item_changes.product_id,
        item_changes.variant_id,
        item_changes.sku,
        cast(null as string) as device,
        case
            when item_changes.quantity > item_changes.previous_quantity then 'add'
            else 'remove'
        end as action_kind,
        case
            when item_changes.cart_state = 'gone' then 'disappeared'
            else 'snapshot'
        end as action_basis,
        item_changes.acted_precision,
        case
            when item_changes.quantity < item_changes.previous_quantity
                then item_changes.quantity - item_changes.previous_quantity
        end as quantity_delta,
        case
            when item_changes.quantity > item_changes.previous_quantity
                then item_changes.quantity
        end as quantity_set,
        item_changes.unit_amount,
        item_changes.acted_at,
        item_changes.acted_on,
        item_changes.identified_at
    from item_changes
    left join soon_ordered_carts
        on
            item_changes.shop_id = soon_ordered_carts.shop_id
            and item_changes.cart_id = soon_ordered_carts.cart_id
            and item_changes.cart_state = soon_ordered_carts.cart_state
            and item_changes.acted_at = soon_ordered_carts.acted_at
    where soon_ordered_carts.cart_id is null

),

snapshot_stage_actions as (

    select
        shop_id,
        {{ hash_key(['cart_id', 'acted_at', 'cart_state']) }} as action_key,
        actor_key,
        person_id,
        cart_id,
        cart_id as checkout_id,
        cast(null as string) as order_id,
        cast(null as string) as item_key,
        cast(null as string) as product_id,
        cast(null as string) as variant_id,
        cast(null as string) as sku,
        cast(null as string) as device,
        case cart_state
            when 'checkout' then 'checkout'
            when 'payment' then 'payment'
            else 'change'
        end as action_kind,
        'snapshot' as action_basis,
        acted_precision,
        cast(null as decimal(12, 3)) as quantity_delta,
        cast(null as decimal(12, 3)) as quantity_set,
        cast(null as decimal(18, 4)) as unit_amount,
        acted_at,
        acted_on,
        identified_at
    from observations
    where cart_state in ('checkout', 'payment', 'touched')

),

activities as (

    select * from event_actions
    union all
    select * from snapshot_item_actions
    union all
    select * from snapshot_stage_actions

),

last_activities_of_days as (

    select
        shop_id,
        actor_key,
        acted_on,
        max(acted_at) as last_acted_at
    from activities
    group by
        shop_id,
        actor_key,
        acted_on

),

-- Of an order only the date is known: it closes what was put in on that date, too.
order_actions as (

    select
        orders.shop_id,
        orders.order_id as action_key,
        coalesce(orders.person_id, 'cart:' || orders.cart_id) as actor_key,
        orders.person_id,
        orders.cart_id,
        orders.checkout_token as checkout_id,
        orders.order_id,
        cast(null as string) as item_key,
        cast(null as string) as product_id,
        cast(null as string) as variant_id,
        cast(null as string) as sku,
        orders.device,
        case when orders.is_sale then 'order' else 'void_order' end as action_kind,
        case when orders.is_sale then 'order' else 'void_order' end as action_basis,
        orders.ordered_precision as acted_precision,
        cast(null as decimal(12, 3)) as quantity_delta,
        cast(null as decimal(12, 3)) as quantity_set,
        cast(null as decimal(18, 4)) as unit_amount,
        case
            when
                orders.ordered_precision = 'day'
                and last_activities_of_days.last_acted_at > orders.ordered_at
                then last_activities_of_days.last_acted_at
            else orders.ordered_at
        end as acted_at,
        orders.ordered_on as acted_on,
        case when orders.person_id is not null then orders.ordered_at end as identified_at
    from orders
    left join last_activities_of_days
        on
            orders.shop_id = last_activities_of_days.shop_id
            and coalesce(orders.person_id, 'cart:' || orders.cart_id)
            = last_activities_of_days.actor_key
            and orders.ordered_on = last_activities_of_days.acted_on
    where coalesce(orders.person_id, orders.cart_id) is not null

),

stacked as (

    select * from activities
    union all
    select * from order_actions

)

select * from stacked
