with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

landed as (

    select * from {{ source('landing', 'campaign_arms') }}

),

-- Unlike stg_campaign_arms: whoever was drawn into an arm stays in it when the file forgets it.
known as (

    select
        landed.*,
        landed.batch_id = as_of.settings_batch_id as is_in_force
    from landed
    inner join as_of
        on landed.shop_id = as_of.shop_id
    where landed.loaded_at <= as_of.known_at

),

ranked as (

    select
        *,
        min(share_bp) over (
            partition by shop_id, campaign_key, campaign_version, arm_key
        ) as least_share_bp,
        max(share_bp) over (
            partition by shop_id, campaign_key, campaign_version, arm_key
        ) as greatest_share_bp,
        row_number() over (
            partition by shop_id, campaign_key, campaign_version, arm_key
            order by
                is_in_force desc,
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
        arm_key,
        arm_order,
        share_bp,
        is_holdout,
        is_in_force,
        least_share_bp <> greatest_share_bp as has_changed_share,
        delay_minutes,
        source as source_key,
        batch_id,
        loaded_at
    from ranked
    where version_rank = 1

)

select * from newest_version
