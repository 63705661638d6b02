with

capabilities as (

    select * from {{ ref('stg_capabilities') }}

),

source_batches as (

    select * from {{ ref('stg_source_batches') }}

),

rejects as (

    select * from {{ ref('stg_rejects') }}

),

own_sources as (

    select distinct
        shop_id,
        source_key
    from capabilities

),

own_batches as (

    select source_batches.*
    from source_batches
    inner join own_sources
        on
            source_batches.shop_id = own_sources.shop_id
            and source_batches.source_key = own_sources.source_key

),

-- A file nobody could read has no rows: it stands here itself.
left_out as (

    select
        shop_id,
        landed_batch_id,
        entity,
        cast(0 as bigint) as reject_no,
        'file_refused' as reason_code,
        cast(null as string) as column_name,
        cast(null as bigint) as rejected_row_no
    from own_batches
    where
        entity = 'file'
        and batch_state = 'failed'

    union all

    select
        shop_id,
        landed_batch_id,
        entity,
        reject_no,
        reason_code,
        column_name,
        rejected_row_no
    from rejects

),

named as (

    select
        left_out.shop_id,
        left_out.landed_batch_id,
        left_out.entity,
        left_out.reject_no,
        own_batches.source_key,
        own_batches.file_name,
        left_out.reason_code,
        left_out.column_name,
        left_out.reject_no = 0 as is_whole_file,
        left_out.rejected_row_no,
        count(*) over (
            partition by
                left_out.shop_id,
                left_out.landed_batch_id,
                left_out.entity,
                left_out.reason_code,
                left_out.column_name
        ) as same_reason_count,
        row_number() over (
            partition by
                left_out.shop_id,
                left_out.landed_batch_id,
                left_out.entity,
                left_out.reason_code,
                left_out.column_name
            order by
                left_out.rejected_row_no asc nulls last,
                left_out.reject_no asc
        ) as same_reason_rank,
        own_batches.loaded_at
    from left_out
    inner join own_batches
        on
            left_out.shop_id = own_batches.shop_id
            and left_out.landed_batch_id = own_batches.landed_batch_id
            and left_out.entity = own_batches.entity

)

select * from named
