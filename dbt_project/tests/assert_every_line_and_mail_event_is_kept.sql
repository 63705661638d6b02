-- Fails if a shop has more or fewer order lines or mail events in the marts than were landed: lines of
-- orders that are counted, and every mail event, whatever became of it.
with

landed_lines as (

    select
        items.shop_id,
        'order_lines' as counted_thing,
        count(*) as landed_count,
        sum(items.quantity) as landed_quantity
    from {{ ref('stg_order_items') }} as items
    inner join {{ ref('fct_orders') }} as orders
        on
            items.shop_id = orders.shop_id
            and items.order_id = orders.order_id
    group by items.shop_id

),

landed_mail_events as (

    select
        shop_id,
        'mail_events' as counted_thing,
        count(*) as landed_count,
        cast(0 as decimal(18, 3)) as landed_quantity
    from {{ ref('stg_mail_events') }}
    group by shop_id

),

landed as (

    select * from landed_lines
    union all
    select * from landed_mail_events

),

kept as (

    select
        shop_id,
        'order_lines' as counted_thing,
        count(*) as kept_count,
        sum(quantity) as kept_quantity
    from {{ ref('fct_order_lines') }}
    group by shop_id

    union all

    select
        shop_id,
        'mail_events' as counted_thing,
        count(*) as kept_count,
        cast(0 as decimal(18, 3)) as kept_quantity
    from {{ ref('fct_mail_events') }}
    group by shop_id

)

select
    coalesce(landed.shop_id, kept.shop_id) as shop_id,
    coalesce(landed.counted_thing, kept.counted_thing) as counted_thing,
    landed.landed_count,
    kept.kept_count,
    landed.landed_quantity,
    kept.kept_quantity
from landed
full outer join kept
    on
        landed.shop_id = kept.shop_id
        and landed.counted_thing = kept.counted_thing
where
    not coalesce(landed.landed_count = kept.kept_count, false)
    or coalesce(landed.landed_quantity <> kept.kept_quantity, false)
