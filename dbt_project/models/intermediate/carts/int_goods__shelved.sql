with

products as (

    select * from {{ ref('stg_products') }}

),

variants as (

    select * from {{ ref('stg_product_variants') }}

),

-- Where a variant's own stock is not said, its product's is all there is to know.
variant_shelves as (

    select
        variants.shop_id,
        variants.product_id,
        variants.variant_id,
        products.product_state = 'published' and products.deleted_at is null as is_published,
        coalesce(variants.variant_state, 'published') not in ('hidden', 'discontinued')
        and case
            when coalesce(variants.stock_policy, 'unknown') = 'unknown'
                then {{ is_in_stock('products.stock_policy', 'products.stock_quantity') }}
            else {{ is_in_stock('variants.stock_policy', 'variants.stock_quantity') }}
        end as has_stock,
        case
            when coalesce(variants.stock_policy, 'unknown') <> 'unknown' then variants.stock_policy
            else products.stock_policy
        end as stock_policy,
        case
            when coalesce(variants.stock_policy, 'unknown') <> 'unknown' then variants.stock_quantity
            else products.stock_quantity
        end as stock_quantity,
        coalesce(variants.price_amount, products.price_amount) as price_amount,
        coalesce(variants.image_url, products.image_url) as image_url
    from variants
    inner join products
        on
            variants.shop_id = products.shop_id
            and variants.product_id = products.product_id

),

any_variants as (

    select
        shop_id,
        product_id,
        max(case when has_stock then 1 else 0 end) = 1 as has_stock
    from variant_shelves
    group by
        shop_id,
        product_id

),

product_shelves as (

    select
        products.shop_id,
        products.product_id,
        '' as variant_id,
        products.product_state = 'published' and products.deleted_at is null as is_published,
        coalesce(
            any_variants.has_stock,
            {{ is_in_stock('products.stock_policy', 'products.stock_quantity') }}
        ) as has_stock,
        products.stock_policy,
        products.stock_quantity,
        products.price_amount,
        products.image_url
    from products
    left join any_variants
        on
            products.shop_id = any_variants.shop_id
            and products.product_id = any_variants.product_id

),

stacked as (

    select * from variant_shelves
    union all
    select * from product_shelves

),

shelved as (

    select
        shop_id,
        product_id,
        variant_id,
        case
            when not (is_published and has_stock) then 'out'
            when stock_policy <> 'tracked' or stock_quantity is null then 'unknown'
            -- Few enough to say so in a mail.
            when stock_quantity <= 3 then 'low'
            else 'in'
        end as stock_band,
        has_stock,
        is_published and has_stock as is_purchasable,
        price_amount,
        image_url
    from stacked

)

select * from shelved
