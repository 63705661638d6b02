with

settings as (

    select * from {{ ref('int_run__settings') }}

),

campaigns as (

    select * from {{ ref('stg_campaigns') }}

),

known_arms as (

    select * from {{ ref('stg_known_campaign_arms') }}

),

assigned as (

    select * from {{ ref('int_arms__assigned') }}
    where assignment_basis = 'recorded'

),

episodes as (

    select * from {{ ref('int_cart_episodes') }}

),

later_episodes as (

    select
        shop_id,
        campaign_key,
        campaign_version,
        person_id,
        count(*) as later_episode_count
    from assigned
    where eligible_no > 1
    group by
        shop_id,
        campaign_key,
        campaign_version,
        person_id

),

-- Later episodes depend on the arm: only the first eligible one of a person is compared.
started as (

    select
        assigned.shop_id,
        assigned.campaign_key,
        assigned.campaign_version,
        assigned.person_id,
        assigned.arm_key,
        coalesce(campaigns.channel, 'email') as channel,
        coalesce(episodes.value_band, 'unknown') as value_band,
        coalesce(assigned.is_holdout, false) as is_holdout,
        assigned.is_contaminated,
        known_arms.arm_order,
        coalesce(later_episodes.later_episode_count, 0) as later_episode_count,
        coalesce(campaigns.recovery_window_days, settings.recovery_window_days) as window_days,
        -- Who is due by the calendar was qualified long before: there the draw starts the clock.
        case
            when campaigns.segment_key <> 'cart_recovery' then assigned.recorded_at
            else assigned.eligible_at
        end as eligible_at
    from assigned
    inner join settings
        on assigned.shop_id = settings.shop_id
    left join campaigns
        on
            assigned.shop_id = campaigns.shop_id
            and assigned.campaign_key = campaigns.campaign_key
            and assigned.campaign_version = campaigns.campaign_version
    left join known_arms
        on
            assigned.shop_id = known_arms.shop_id
            and assigned.campaign_key = known_arms.campaign_key
            and assigned.campaign_version = known_arms.campaign_version
            and assigned.arm_key = known_arms.arm_key
    left join episodes
        on
            assigned.shop_id = episodes.shop_id
            and assigned.occurrence_key = episodes.episode_id
    left join later_episodes
        on
            assigned.shop_id = later_episodes.shop_id
            and assigned.campaign_key = later_episodes.campaign_key
            and assigned.campaign_version = later_episodes.campaign_version
            and assigned.person_id = later_episodes.person_id
    where assigned.eligible_no = 1

)

select * from started
