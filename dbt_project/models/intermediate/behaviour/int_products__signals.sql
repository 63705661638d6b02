with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

sales as (

    select * from {{ ref('int_orders__sales') }}
    where
        is_sale
        and person_id is not null

),

order_items as (

    select * from {{ ref('stg_order_items') }}

),

events as (

    select * from {{ ref('int_events__identified') }}

),

favourites as (

    select * from {{ ref('int_favourites__identified') }}

),

cart_items as (

    select * from {{ ref('int_cart_items__compared') }}
    where
        quantity > previous_quantity
        and person_id is not null
        and product_id is not null

),

logged_adds as (

    select distinct
        shop_id,
        person_id,
        product_id,
        occurred_on
    from events
    where
        event_name = 'Product Added'
        and product_id is not null

),

-- What a snapshot shows was put in by an act the log may have, too.
shown_adds as (

    select cart_items.*
    from cart_items
    left join logged_adds
        on
            cart_items.shop_id = logged_adds.shop_id
            and cart_items.person_id = logged_adds.person_id
            and cart_items.product_id = logged_adds.product_id
            and cart_items.acted_on = logged_adds.occurred_on
    where logged_adds.person_id is null

),

signals as (

    select
        sales.shop_id,
        sales.person_id,
        order_items.product_id,
        'order' as signal_kind,
        sales.ordered_at as signal_at,
        sales.ordered_on as signal_on
    from sales
    inner join order_items
        on
            sales.shop_id = order_items.shop_id
            and sales.order_id = order_items.order_id
    where
        order_items.product_id is not null
        and not order_items.is_free

    union all

    select
        shop_id,
        person_id,
        product_id,
        case event_name when 'Product Added' then 'cart' else 'view' end as signal_kind,
        occurred_at as signal_at,
        occurred_on as signal_on
    from events
    where
        event_name in ('Product Added', 'Product Viewed')
        and product_id is not null

    union all

    select
        shop_id,
        person_id,
        product_id,
        'favourite' as signal_kind,
        favoured_at as signal_at,
        favoured_on as signal_on
    from favourites

    union all

    select
        shop_id,
        person_id,
        product_id,
        'cart' as signal_kind,
        acted_at as signal_at,
        acted_on as signal_on
    from shown_adds

),

within_a_year as (

    select
        signals.shop_id,
        signals.person_id,
        signals.product_id,
        signals.signal_kind,
        signals.signal_on,
        count(*) as signal_count,
        max(signals.signal_at) as last_signal_at
    from signals
    inner join as_of
        on
            signals.shop_id = as_of.shop_id
            and signals.signal_at < as_of.as_of_at
            and signals.signal_at >= {{ add_days('as_of.as_of_at', -365) }}
    group by
        signals.shop_id,
        signals.person_id,
        signals.product_id,
        signals.signal_kind,
        signals.signal_on

)

select * from within_a_year
