with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

{{ newest_versions('cart_items', ['cart_id', 'observed_at', 'line_no']) }},

newest_version as (

    select
        shop_id,
        cart_id,
        observed_at,
        observed_on,
        line_no,
        product_id,
        variant_id,
        sku,
        product_name,
        quantity,
        unit_amount,
        url,
        image_url,
        added_at,
        removed_at,
        source as source_key,
        batch_id,
        loaded_at
    from stacked
    where
        version_rank = 1
        and observed_at < as_of_at

)

select * from newest_version
