with

products as (

    select * from {{ ref('stg_products') }}

),

variants as (

    select * from {{ ref('stg_product_variants') }}

),

categories as (

    select * from {{ ref('stg_categories') }}

),

shop_days as (

    select * from {{ ref('stg_shop_days') }}

),

settings as (

    select * from {{ ref('int_run__settings') }}

),

variant_stock as (

    select
        shop_id,
        product_id,
        count(*) as variant_count,
        max(
            case
                when variant_state in ('hidden', 'discontinued') then 0
                when stock_policy = 'tracked' and coalesce(stock_quantity, 0) <= 0 then 0
                else 1
            end
        ) = 1 as has_stock
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
        case when products.deleted_at is not null then 'discontinued' else products.product_state end
            as product_state,
        products.stock_policy,
        settings.currency,
        -- A product whose stock nobody tracks can be bought while it is published.
        coalesce(
            variant_stock.has_stock,
            products.stock_policy <> 'tracked' or coalesce(products.stock_quantity, 0) > 0
        ) as has_stock,
        coalesce(variant_stock.variant_count, 0) as variant_count,
        products.stock_quantity,
        products.price_amount,
        products.list_price_amount,
        coalesce(products.first_published_on, shop_days.day_on) as new_from_on,
        case
            when products.first_published_on is not null then 'first_published'
            when shop_days.day_on is not null then 'created'
        end as new_basis,
        products.stock_observed_at
    from products
    inner join settings
        on products.shop_id = settings.shop_id
    left join variant_stock
        on
            products.shop_id = variant_stock.shop_id
            and products.product_id = variant_stock.product_id
    left join categories
        on
            products.shop_id = categories.shop_id
            and products.primary_category_id = categories.category_id
    left join shop_days
        on
            products.shop_id = shop_days.shop_id
            and products.created_at >= shop_days.starts_at
            and products.created_at < shop_days.ends_at

),

judged as (

    select
        *,
        product_state = 'published' and has_stock as is_purchasable
    from described

)

select * from judged
