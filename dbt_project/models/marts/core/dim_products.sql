with

products as (

    select * from {{ ref('stg_products') }}

),

variants as (

    select * from {{ ref('stg_product_variants') }}

),

categories as (

    select * from {{ ref('int_categories__guided') }}

),

dated as (

    select * from {{ ref('int_products__dated') }}

),

settings as (

    select * from {{ ref('int_run__settings') }}

),

shelves as (

    select * from {{ ref('int_goods__shelved') }}
    where variant_id = ''

),

variant_counts as (

    select
        shop_id,
        product_id,
        count(*) as variant_count
    from variants
    group by
        shop_id,
        product_id

),

described as (

    select
        products.shop_id,
        products.product_id,
        products.primary_category_id as category_id,
        products.product_code,
        products.product_name,
        products.brand,
        products.description_short,
        categories.category_name,
        categories.path as category_path,
        products.url,
        products.image_url,
        categories.guide_url,
        case when products.deleted_at is not null then 'discontinued' else products.product_state end
            as product_state,
        products.stock_policy,
        settings.currency,
        shelves.has_stock,
        shelves.is_purchasable,
        coalesce(variant_counts.variant_count, 0) as variant_count,
        products.stock_quantity,
        products.price_amount,
        products.list_price_amount,
        dated.new_from_on,
        dated.new_basis,
        products.stock_observed_at
    from products
    inner join shelves
        on
            products.shop_id = shelves.shop_id
            and products.product_id = shelves.product_id
    inner join settings
        on products.shop_id = settings.shop_id
    inner join dated
        on
            products.shop_id = dated.shop_id
            and products.product_id = dated.product_id
    left join variant_counts
        on
            products.shop_id = variant_counts.shop_id
            and products.product_id = variant_counts.product_id
    left join categories
        on
            products.shop_id = categories.shop_id
            and products.primary_category_id = categories.category_id

)

select * from described
