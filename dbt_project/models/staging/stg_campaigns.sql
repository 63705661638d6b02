with

landed as (

    select * from {{ source('landing', 'campaigns') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by shop_id, campaign_key, campaign_version
            order by
                source_updated_at desc nulls last,
                loaded_at desc,
                batch_id desc,
                row_no desc,
                row_hash desc
        ) as version_rank
    from landed

),

newest_version as (

    select
        shop_id,
        campaign_key,
        campaign_version,
        segment_key,
        channel,
        purpose,
        owner,
        is_active,
        starts_at,
        ends_at,
        recovery_window_days,
        eligibility_hours,
        salt,
        holds_open_inquiry,
        source as source_key,
        batch_id,
        loaded_at
    from ranked
    where version_rank = 1

)

select * from newest_version
