{# Long for two kinds of pairs, which must stand side by side. #}

with

counted as (

    select * from {{ ref('int_experiments__counted') }}

),

known_arms as (

    select * from {{ ref('stg_known_campaign_arms') }}
    where
        is_holdout
        and is_in_force
        and share_bp > 0

),

arms as (

    select * from counted
    where arm_key <> 'all'

),

-- A holdout counts from the day the shop file has one, with 0 persons until somebody is drawn.
holdout_arms as (

    select
        shop_id,
        campaign_key,
        campaign_version,
        arm_key
    from known_arms

    union

    select
        shop_id,
        campaign_key,
        campaign_version,
        arm_key
    from arms
    where is_holdout

),

holdouts as (

    select
        shop_id,
        campaign_key,
        campaign_version,
        case when min(arm_key) = max(arm_key) then min(arm_key) else 'all' end as arm_key
    from holdout_arms
    group by
        shop_id,
        campaign_key,
        campaign_version

),

ranked_arms as (

    select
        *,
        row_number() over (
            partition by shop_id, campaign_key, campaign_version, metric_key
            order by
                arm_order asc nulls last,
                arm_key asc
        ) as arm_rank
    from arms
    where not is_holdout

),

-- Every arm against the holdout, and the arms that are written to against the first of them.
paired as (

    select
        counted.shop_id,
        counted.campaign_key,
        counted.campaign_version,
        counted.metric_key,
        'holdout' as comparison_key,
        counted.arm_key,
        case when not counted.is_holdout then holdouts.arm_key end as baseline_arm_key,
        counted.is_holdout,
        true as is_baseline_holdout
    from counted
    left join holdouts
        on
            counted.shop_id = holdouts.shop_id
            and counted.campaign_key = holdouts.campaign_key
            and counted.campaign_version = holdouts.campaign_version
    where
        counted.arm_key <> 'all'
        or not counted.is_holdout

    union all

    select
        others.shop_id,
        others.campaign_key,
        others.campaign_version,
        others.metric_key,
        'arm' as comparison_key,
        others.arm_key,
        firsts.arm_key as baseline_arm_key,
        others.is_holdout,
        false as is_baseline_holdout
    from ranked_arms as others
    inner join ranked_arms as firsts
        on
            others.shop_id = firsts.shop_id
            and others.campaign_key = firsts.campaign_key
            and others.campaign_version = firsts.campaign_version
            and others.metric_key = firsts.metric_key
            and firsts.arm_rank = 1
    where others.arm_rank > 1

)

select * from paired
