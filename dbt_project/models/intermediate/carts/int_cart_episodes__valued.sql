with

items as (

    select * from {{ ref('int_cart_episode_items__held') }}
    where held_when = 'abandoned'

),

products as (

    select * from {{ ref('stg_products') }}

),

variants as (

    select * from {{ ref('stg_product_variants') }}

),

priced as (

    select
        items.shop_id,
        items.episode_id,
        items.quantity,
        cast(items.quantity as decimal(12, 3)) * cast(items.unit_amount as decimal(18, 4))
            as line_amount,
        case
            when products.product_id is null then null
            when
                products.product_state <> 'published'
                or products.deleted_at is not null
                or coalesce(variants.variant_state, 'published') in ('hidden', 'discontinued')
                or (products.stock_policy = 'tracked' and products.stock_quantity <= 0)
                or (variants.stock_policy = 'tracked' and variants.stock_quantity <= 0)
                then 0
            else
                cast(items.quantity as decimal(12, 3))
                * cast(
                    coalesce(variants.price_amount, products.price_amount) as decimal(18, 4)
                )
        end as line_now_amount
    from items
    left join products
        on
            items.shop_id = products.shop_id
            and items.product_id = products.product_id
    left join variants
        on
            items.shop_id = variants.shop_id
            and items.variant_id = variants.variant_id

),

-- Goods without a price are left out; nothing priced at all is not worth 0 but unknown.
valued as (

    select
        shop_id,
        episode_id,
        count(case when quantity > 0 then 1 end) as item_count,
        cast(sum(line_amount) as decimal(18, 4)) as value_amount,
        cast(sum(line_now_amount) as decimal(18, 4)) as value_now_amount
    from priced
    group by
        shop_id,
        episode_id

)

select * from valued
