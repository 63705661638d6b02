with

capabilities as (

    select * from {{ ref('stg_capabilities') }}

),

source_batches as (

    select * from {{ ref('stg_source_batches') }}

),

own_sources as (

    select distinct
        shop_id,
        source_key
    from capabilities

),

-- The program's own rows are landed in batches too, and are no file of the shop.
own_batches as (

    select
        source_batches.shop_id,
        source_batches.landed_batch_id,
        source_batches.entity,
        source_batches.source_key,
        source_batches.file_name,
        source_batches.file_sha256,
        source_batches.batch_state,
        source_batches.rows_read as read_row_count,
        source_batches.rows_landed as landed_row_count,
        source_batches.rows_rejected as rejected_row_count,
        source_batches.rows_duplicate as known_row_count,
        source_batches.loaded_at
    from source_batches
    inner join own_sources
        on
            source_batches.shop_id = own_sources.shop_id
            and source_batches.source_key = own_sources.source_key

)

select * from own_batches
