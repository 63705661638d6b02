with

products as (

    select * from {{ ref('stg_products') }}

),

shop_days as (

    select * from {{ ref('stg_shop_days') }}

),

dated as (

    select
        products.shop_id,
        products.product_id,
        products.first_published_on,
        created_days.day_on as created_on,
        seen_days.day_on as first_seen_on,
        source_days.day_on as source_first_seen_on
    from products
    left join shop_days as created_days
        on
            products.shop_id = created_days.shop_id
            and products.created_at >= created_days.starts_at
            and products.created_at < created_days.ends_at
    left join shop_days as seen_days
        on
            products.shop_id = seen_days.shop_id
            and products.first_loaded_at >= seen_days.starts_at
            and products.first_loaded_at < seen_days.ends_at
    left join shop_days as source_days
        on
            products.shop_id = source_days.shop_id
            and products.source_first_loaded_at >= source_days.starts_at
            and products.source_first_loaded_at < source_days.ends_at

),

-- What came on a source's first day had been there before anybody looked, one cannot say how long.
noticed as (

    select
        *,
        case when first_seen_on > source_first_seen_on then first_seen_on end as noticed_on
    from dated

),

chosen as (

    select
        shop_id,
        product_id,
        case
            when first_published_on is not null then 'first_published'
            when created_on is not null then 'created'
            when noticed_on is not null then 'first_seen'
        end as new_basis,
        coalesce(first_published_on, created_on, noticed_on) as new_from_on
    from noticed

)

select * from chosen
