{# Long for one explicit column list beside the two ways to a campaign. #}

with

settings as (

    select * from {{ ref('int_run__settings') }}

),

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

episodes as (

    select * from {{ ref('int_cart_episodes') }}
    where is_abandoned

),

ledgered as (

    select * from {{ ref('int_recovery__ledgered') }}

),

campaigns as (

    select * from {{ ref('stg_campaigns') }}
    where segment_key = 'cart_recovery'

),

running_campaigns as (

    select
        episodes.shop_id,
        episodes.episode_id,
        campaigns.campaign_key,
        campaigns.campaign_version,
        row_number() over (
            partition by episodes.shop_id, episodes.episode_id
            order by
                campaigns.campaign_key asc,
                campaigns.campaign_version desc
        ) as campaign_rank
    from episodes
    inner join campaigns
        on
            episodes.shop_id = campaigns.shop_id
            -- Switched off without an end, a version has said nothing about when it ran.
            and (campaigns.is_active or campaigns.ends_at is not null)
            and (campaigns.starts_at is null or campaigns.starts_at <= episodes.abandoned_at)
            and (campaigns.ends_at is null or campaigns.ends_at > episodes.abandoned_at)

),

assigned as (

    select
        episodes.shop_id,
        episodes.episode_id,
        coalesce(ledgered.campaign_key, running_campaigns.campaign_key) as campaign_key,
        coalesce(ledgered.campaign_version, running_campaigns.campaign_version)
            as campaign_version,
        ledgered.arm_key as recorded_arm_key,
        ledgered.eligible_at as recorded_eligible_at,
        ledgered.handed_over_at,
        ledgered.held_out_at,
        ledgered.gate_reason,
        ledgered.last_step_number
    from episodes
    left join ledgered
        on
            episodes.shop_id = ledgered.shop_id
            and episodes.episode_id = ledgered.episode_id
    left join running_campaigns
        on
            episodes.shop_id = running_campaigns.shop_id
            and episodes.episode_id = running_campaigns.episode_id
            and running_campaigns.campaign_rank = 1

),

described as (

    select
        episodes.*,
        as_of.as_of_at,
        settings.cart_idle_minutes,
        settings.recovery_window_days,
        assigned.campaign_key,
        assigned.campaign_version,
        assigned.recorded_arm_key,
        assigned.recorded_eligible_at,
        assigned.handed_over_at,
        assigned.held_out_at,
        assigned.gate_reason,
        assigned.last_step_number,
        coalesce(campaigns.channel, 'email') as channel,
        coalesce(campaigns.purpose, 'cart_reminder') as purpose,
        campaigns.salt,
        {{ add_hours(
            'episodes.abandoned_at', 'coalesce(campaigns.eligibility_hours, settings.eligibility_hours)'
        ) }} as eligible_until_at,
        coalesce(campaigns.recovery_window_days, settings.recovery_window_days) as window_days
    from episodes
    inner join as_of
        on episodes.shop_id = as_of.shop_id
    inner join settings
        on episodes.shop_id = settings.shop_id
    inner join assigned
        on
            episodes.shop_id = assigned.shop_id
            and episodes.episode_id = assigned.episode_id
    left join campaigns
        on
            assigned.shop_id = campaigns.shop_id
            and assigned.campaign_key = campaigns.campaign_key
            and assigned.campaign_version = campaigns.campaign_version

)

select * from described
