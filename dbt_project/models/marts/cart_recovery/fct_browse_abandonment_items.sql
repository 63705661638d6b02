with

browsed as (

    select * from {{ ref('int_sessions__browsed') }}
    where is_abandoned

),

events as (

    select
        *,
        {{ visitor_key('anonymous_id', 'person_id') }} as visitor_key
    from {{ ref('int_events__identified') }}
    where
        event_name in ('Product Viewed', 'Product Added to Wishlist')
        and product_id is not null

),

shelves as (

    select * from {{ ref('int_goods__shelved') }}
    where variant_id = ''

),

looked_at as (

    select
        browsed.shop_id,
        browsed.session_id,
        events.product_id,
        count(case when events.event_name = 'Product Viewed' then 1 end) as view_count,
        max(case when events.event_name = 'Product Added to Wishlist' then 1 else 0 end) = 1
            as is_favourite,
        max(events.occurred_at) as last_seen_at
    from browsed
    inner join events
        on
            browsed.shop_id = events.shop_id
            and browsed.visitor_key = events.visitor_key
            and browsed.started_at <= events.occurred_at
            and browsed.ended_at >= events.occurred_at
    group by
        browsed.shop_id,
        browsed.session_id,
        events.product_id

),

-- What somebody kept comes before what they looked at, the newest first.
numbered as (

    select
        looked_at.shop_id,
        looked_at.session_id,
        row_number() over (
            partition by looked_at.shop_id, looked_at.session_id
            order by
                looked_at.is_favourite desc,
                looked_at.last_seen_at desc,
                looked_at.product_id asc
        ) as item_no,
        looked_at.product_id,
        coalesce(shelves.stock_band, 'unknown') as stock_band,
        looked_at.is_favourite,
        coalesce(shelves.is_purchasable, false) as is_purchasable,
        looked_at.view_count,
        looked_at.last_seen_at
    from looked_at
    left join shelves
        on
            looked_at.shop_id = shelves.shop_id
            and looked_at.product_id = shelves.product_id

)

select * from numbered
