with

counted as (

    select * from {{ ref('int_experiments__counted') }}
    where
        experiment_kind = 'campaign'
        and metric_key = 'order'
        and arm_key <> 'all'

),

known_arms as (

    select * from {{ ref('stg_known_campaign_arms') }}

),

started_trials as (

    select distinct
        shop_id,
        campaign_key,
        campaign_version
    from counted

),

-- An arm nobody was drawn into stands with 0: it is what a wrong ratio looks like.
expected as (

    select
        known_arms.shop_id,
        known_arms.campaign_key,
        known_arms.campaign_version,
        known_arms.arm_key,
        known_arms.is_in_force and not known_arms.has_changed_share as has_one_share,
        known_arms.share_bp,
        coalesce(counted.recorded_person_count, 0) as recorded_person_count
    from known_arms
    inner join started_trials
        on
            known_arms.shop_id = started_trials.shop_id
            and known_arms.campaign_key = started_trials.campaign_key
            and known_arms.campaign_version = started_trials.campaign_version
    left join counted
        on
            known_arms.shop_id = counted.shop_id
            and known_arms.campaign_key = counted.campaign_key
            and known_arms.campaign_version = counted.campaign_version
            and known_arms.arm_key = counted.arm_key

)

select * from expected
