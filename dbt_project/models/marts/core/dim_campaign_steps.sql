with

campaigns as (

    select * from {{ ref('stg_campaigns') }}

),

steps as (

    select * from {{ ref('stg_campaign_steps') }}

),

arms as (

    select * from {{ ref('stg_campaign_arms') }}

),

counted_arms as (

    select
        shop_id,
        campaign_key,
        campaign_version,
        count(*) as arm_count,
        sum(case when is_holdout then share_bp else 0 end) as holdout_share_bp
    from arms
    group by
        shop_id,
        campaign_key,
        campaign_version

),

described as (

    select
        campaigns.shop_id,
        campaigns.campaign_key,
        campaigns.campaign_version,
        steps.step_number,
        campaigns.segment_key,
        campaigns.channel,
        campaigns.purpose,
        steps.measured_from,
        steps.template_ref,
        campaigns.salt,
        campaigns.amount_basis,
        campaigns.is_active,
        campaigns.holds_open_inquiry,
        steps.delay_minutes,
        steps.validity_hours,
        steps.cool_down_hours,
        campaigns.recovery_window_days,
        campaigns.eligibility_hours,
        campaigns.lead_days,
        campaigns.from_amount,
        -- A campaign without arms has none, which is a count and not a gap.
        coalesce(counted_arms.arm_count, 0) as arm_count,
        cast(coalesce(counted_arms.holdout_share_bp, 0) as bigint) as holdout_share_bp,
        campaigns.starts_at,
        campaigns.ends_at
    from campaigns
    inner join steps
        on
            campaigns.shop_id = steps.shop_id
            and campaigns.campaign_key = steps.campaign_key
            and campaigns.campaign_version = steps.campaign_version
    left join counted_arms
        on
            campaigns.shop_id = counted_arms.shop_id
            and campaigns.campaign_key = counted_arms.campaign_key
            and campaigns.campaign_version = counted_arms.campaign_version

)

select * from described
