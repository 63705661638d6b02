with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

landed as (

    select * from {{ source('landing', 'export_gated') }}

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
            partition by shop_id, program, occurrence_key, person_key
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
        program,
        campaign_key,
        campaign_version,
        step_number,
        occurrence_key,
        person_key,
        email_hash,
        reason_code,
        first_at,
        first_on,
        last_at,
        source as source_key,
        batch_id,
        loaded_at
    from ranked
    where
        version_rank = 1
        and first_at < as_of_at

)

select * from newest_version
