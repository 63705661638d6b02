with

items as (

    select * from {{ ref('int_cart_episode_items__shelved') }}
    where
        held_when = 'last'
        and quantity > 0

),

settings as (

    select * from {{ ref('int_run__settings') }}

),

numbered as (

    select
        items.shop_id,
        items.episode_id,
        row_number() over (
            partition by items.shop_id, items.episode_id
            order by
                items.added_at desc nulls last,
                items.item_key asc
        ) as item_no,
        items.product_id,
        items.variant_id,
        items.sku,
        items.stock_band,
        items.image_url,
        settings.currency,
        items.is_in_catalogue,
        items.is_purchasable,
        cast(items.quantity as decimal(12, 3)) as quantity,
        cast(items.unit_amount as decimal(18, 4)) as unit_amount,
        cast(items.price_now_amount as decimal(18, 4)) as price_now_amount,
        items.added_at
    from items
    inner join settings
        on items.shop_id = settings.shop_id

)

select * from numbered
