{# Long for both sides of a comparison in one row, before anything is concluded from it. #}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

settings as (

    select * from {{ ref('int_run__settings') }}

),

campaigns as (

    select * from {{ ref('stg_campaigns') }}

),

pairs as (

    select * from {{ ref('int_experiments__paired') }}

),

counted as (

    select * from {{ ref('int_experiments__counted') }}

),

compared as (

    select
        pairs.shop_id,
        pairs.campaign_key,
        pairs.campaign_version,
        pairs.metric_key,
        pairs.comparison_key,
        pairs.arm_key,
        pairs.baseline_arm_key,
        arms.experiment_kind,
        settings.currency,
        pairs.is_holdout,
        -- Whoever runs no more draws nobody more.
        arms.experiment_kind = 'campaign' and not coalesce(
            campaigns.is_active
            and (campaigns.ends_at is null or campaigns.ends_at > as_of.as_of_at), false
        ) as is_ended,
        arms.recorded_person_count,
        arms.person_count,
        arms.outcome_person_count,
        arms.contaminated_person_count,
        arms.later_episode_count,
        arms.order_count,
        arms.unpriced_order_count,
        arms.revenue_amount,
        arms.capped_revenue_amount,
        case when pairs.baseline_arm_key is not null
            then coalesce(baselines.recorded_person_count, 0)
        end as baseline_recorded_person_count,
        case when pairs.baseline_arm_key is not null then coalesce(baselines.person_count, 0) end
            as baseline_person_count,
        case when pairs.baseline_arm_key is not null
            then coalesce(baselines.outcome_person_count, 0)
        end as baseline_outcome_person_count,
        case when pairs.baseline_arm_key is not null then baselines.revenue_amount end
            as baseline_revenue_amount,
        case when pairs.baseline_arm_key is not null then baselines.capped_revenue_amount end
            as baseline_capped_revenue_amount,
        settings.smallest_effect_bp,
        settings.planned_persons_per_arm,
        settings.small_n,
        cast({{ days_between('arms.first_eligible_at', 'as_of.as_of_at') }} as bigint)
            as running_days,
        arms.first_eligible_at
    from pairs
    inner join as_of
        on pairs.shop_id = as_of.shop_id
    inner join settings
        on pairs.shop_id = settings.shop_id
    inner join counted as arms
        on
            pairs.shop_id = arms.shop_id
            and pairs.campaign_key = arms.campaign_key
            and pairs.campaign_version = arms.campaign_version
            and pairs.metric_key = arms.metric_key
            and pairs.arm_key = arms.arm_key
            and pairs.is_holdout = arms.is_holdout
    left join counted as baselines
        on
            pairs.shop_id = baselines.shop_id
            and pairs.campaign_key = baselines.campaign_key
            and pairs.campaign_version = baselines.campaign_version
            and pairs.metric_key = baselines.metric_key
            and pairs.is_baseline_holdout = baselines.is_holdout
            and baselines.arm_key
            = case when pairs.is_baseline_holdout then 'all' else pairs.baseline_arm_key end
    left join campaigns
        on
            pairs.shop_id = campaigns.shop_id
            and pairs.campaign_key = campaigns.campaign_key
            and pairs.campaign_version = campaigns.campaign_version

),

based as (

    select
        *,
        least(recorded_person_count, baseline_recorded_person_count) as smaller_recorded_count,
        -- Where nobody had the outcome it is planned as if one had: a rate of 0 has no spread.
        case when baseline_person_count >= small_n
            then cast(greatest(baseline_outcome_person_count, 1) as double) / baseline_person_count
        end as base_rate,
        cast(smallest_effect_bp as double) / 10000 as smallest_effect
    from compared

),

-- What the smallest effect needs, but no more than a year brings at the pace so far.
wanted as (

    select
        *,
        case
            when planned_persons_per_arm > 0 then planned_persons_per_arm
            else greatest(
                small_n,
                least(
                    cast({{ persons_per_arm('base_rate', 'smallest_effect') }} as bigint),
                    cast(
                        ceil(
                            cast(smaller_recorded_count as double) * 365 / greatest(running_days, 28)
                        ) as bigint
                    )
                )
            )
        end as wanted_person_count
    from based

),

estimated as (

    select
        shop_id,
        campaign_key,
        campaign_version,
        metric_key,
        comparison_key,
        arm_key,
        baseline_arm_key,
        experiment_kind,
        currency,
        is_holdout,
        recorded_person_count,
        person_count,
        outcome_person_count,
        contaminated_person_count,
        later_episode_count,
        order_count,
        unpriced_order_count,
        revenue_amount,
        capped_revenue_amount,
        baseline_person_count,
        baseline_outcome_person_count,
        baseline_revenue_amount,
        baseline_capped_revenue_amount,
        case
            when baseline_arm_key is null then null
            when is_ended then least(wanted_person_count, smaller_recorded_count)
            else wanted_person_count
        end as planned_person_count,
        smallest_effect_bp,
        smallest_effect,
        {{ newcombe_low(
            'outcome_person_count', 'person_count',
            'baseline_outcome_person_count', 'baseline_person_count'
        ) }} as difference_low,
        {{ newcombe_high(
            'outcome_person_count', 'person_count',
            'baseline_outcome_person_count', 'baseline_person_count'
        ) }} as difference_high,
        {{ newcombe_low_at(
            'outcome_person_count', 'person_count',
            'baseline_outcome_person_count', 'baseline_person_count', 1.2815515655446004
        ) }} as difference_80_low,
        {{ newcombe_high_at(
            'outcome_person_count', 'person_count',
            'baseline_outcome_person_count', 'baseline_person_count', 1.2815515655446004
        ) }} as difference_80_high,
        first_eligible_at
    from wanted

)

select * from estimated
