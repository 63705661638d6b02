with

items as (

    select * from {{ ref('int_cart_episode_items__held') }}

),

variant_shelves as (

    select * from {{ ref('int_goods__shelved') }}
    where variant_id <> ''

),

product_shelves as (

    select * from {{ ref('int_goods__shelved') }}
    where variant_id = ''

),

-- A variant the catalogue does not know is judged by its product.
shelved as (

    select
        items.shop_id,
        items.episode_id,
        items.held_when,
        items.item_key,
        coalesce(items.product_id, variant_shelves.product_id) as product_id,
        items.variant_id,
        items.sku,
        coalesce(variant_shelves.stock_band, product_shelves.stock_band, 'unknown') as stock_band,
        coalesce(variant_shelves.product_id, product_shelves.product_id) is not null
            as is_in_catalogue,
        coalesce(variant_shelves.is_purchasable, product_shelves.is_purchasable, false)
            as is_purchasable,
        items.quantity,
        items.unit_amount,
        coalesce(variant_shelves.price_amount, product_shelves.price_amount) as price_now_amount,
        coalesce(variant_shelves.image_url, product_shelves.image_url) as image_url,
        items.added_at
    from items
    left join variant_shelves
        on
            items.shop_id = variant_shelves.shop_id
            and items.variant_id = variant_shelves.variant_id
    left join product_shelves
        on
            items.shop_id = product_shelves.shop_id
            and items.product_id = product_shelves.product_id

)

select * from shelved
