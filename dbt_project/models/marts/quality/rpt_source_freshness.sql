with

capabilities as (

    select * from {{ ref('stg_capabilities') }}

),

source_batches as (

    select * from {{ ref('stg_source_batches') }}

),

-- The program's own ledger is landed too, and is no source of the shop.
own_sources as (

    select distinct
        shop_id,
        source_key
    from capabilities

),

taken_in as (

    select
        source_batches.shop_id,
        source_batches.source_key,
        source_batches.entity,
        count(*) as batch_count,
        cast(sum(source_batches.rows_landed) as bigint) as landed_row_count,
        cast(sum(source_batches.rows_rejected) as bigint) as rejected_row_count,
        max(source_batches.window_to_at) as newest_row_at
    from source_batches
    inner join own_sources
        on
            source_batches.shop_id = own_sources.shop_id
            and source_batches.source_key = own_sources.source_key
    group by
        source_batches.shop_id,
        source_batches.source_key,
        source_batches.entity

),

-- What a source could give and never gave stands here too, without a date.
named as (

    select
        shop_id,
        source_key,
        entity
    from capabilities

    union distinct

    select
        shop_id,
        source_key,
        entity
    from taken_in

),

described as (

    select
        named.shop_id,
        named.source_key,
        named.entity,
        capabilities.support,
        capabilities.basis,
        capabilities.history_from_on,
        coalesce(taken_in.batch_count, 0) as batch_count,
        coalesce(taken_in.landed_row_count, 0) as landed_row_count,
        coalesce(taken_in.rejected_row_count, 0) as rejected_row_count,
        coalesce(capabilities.latest_data_at, taken_in.newest_row_at) as latest_data_at
    from named
    left join capabilities
        on
            named.shop_id = capabilities.shop_id
            and named.source_key = capabilities.source_key
            and named.entity = capabilities.entity
    left join taken_in
        on
            named.shop_id = taken_in.shop_id
            and named.source_key = taken_in.source_key
            and named.entity = taken_in.entity

)

select * from described
