with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

landed as (

    select * from {{ source('landing', 'export_batches') }}

),

known as (

    select
        landed.*,
        as_of.as_of_at
    from landed
    inner join as_of
        on landed.shop_id = as_of.shop_id
    where landed.loaded_at <= as_of.known_at

),

ranked as (

    select
        *,
        row_number() over (
            partition by shop_id, export_batch_id
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
        export_batch_id,
        program,
        campaign_key,
        campaign_version,
        step_number,
        channel,
        destination,
        slot,
        snapshot_id,
        batch_state,
        sha256,
        rows_count,
        file_name,
        created_at,
        created_on,
        handed_over_at,
        handed_over_on,
        expires_at,
        source as source_key,
        batch_id,
        loaded_at
    from ranked
    where
        version_rank = 1
        and created_at < as_of_at

)

select * from newest_version
