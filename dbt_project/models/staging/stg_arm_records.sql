with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

landed as (

    select * from {{ source('landing', 'arm_records') }}

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
            partition by shop_id, campaign_key, campaign_version, occurrence_key, person_key
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
        campaign_key,
        campaign_version,
        occurrence_key,
        person_key,
        email_hash,
        arm_key,
        eligible_at,
        eligible_on,
        recorded_at,
        source as source_key,
        batch_id,
        loaded_at
    from ranked
    where
        version_rank = 1
        -- A draw is a fact from the moment it is recorded; eligible it was before.
        and recorded_at < as_of_at

)

select * from newest_version
