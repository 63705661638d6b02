with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

landed as (

    select * from {{ source('landing', 'products') }}

),

known as (

    select landed.*
    from landed
    inner join as_of
        on landed.shop_id = as_of.shop_id
    where landed.loaded_at <= as_of.known_at

),

ranked as (

    select
        *,
        min(loaded_at) over (partition by shop_id, product_id) as first_loaded_at,
        min(loaded_at) over (partition by shop_id, source) as source_first_loaded_at,
        row_number() over (
            partition by shop_id, product_id
            order by
                source_updated_at desc nulls last,
                loaded_at desc,
                batch_id desc,
                row_no desc,
                row_hash desc
        ) as version_rank
    from known

),

newest_version as (

    select
        shop_id,
        product_id,
        product_code,
        product_name,
        brand,
        description_short,
        primary_category_id,
        url,
        image_url,
        price_amount,
        list_price_amount,
        product_state,
        stock_quantity,
        stock_policy,
        first_published_on,
        created_at,
        stock_observed_at,
        deleted_at,
        first_loaded_at,
        source_first_loaded_at,
        source as source_key,
        batch_id,
        loaded_at
    from ranked
    where version_rank = 1

)

select * from newest_version
