with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

landed as (

    select * from {{ source('landing', 'campaigns') }}

),

-- Settings land whole: what the newest batch does not hold has been taken out of the shop file.
in_force as (

    select landed.*
    from landed
    inner join as_of
        on
            landed.shop_id = as_of.shop_id
            and landed.batch_id = as_of.settings_batch_id

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
    from in_force

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
        lead_days,
        from_amount,
        amount_basis,
        source as source_key,
        batch_id,
        loaded_at
    from ranked
    where version_rank = 1

)

select * from newest_version
