with

grouped as (

    select * from {{ ref('int_experiments__grouped') }}

),

counted as (

    select
        shop_id,
        experiment_kind,
        campaign_key,
        campaign_version,
        metric_key,
        arm_key,
        is_holdout,
        min(arm_order) as arm_order,
        count(*) as recorded_person_count,
        count(case when is_mature then 1 end) as person_count,
        count(case when is_mature and has_outcome then 1 end) as outcome_person_count,
        count(case when is_contaminated then 1 end) as contaminated_person_count,
        cast(sum(later_episode_count) as bigint) as later_episode_count,
        cast(sum(case when is_mature then order_count else 0 end) as bigint) as order_count,
        cast(sum(case when is_mature then unpriced_order_count else 0 end) as bigint)
            as unpriced_order_count,
        cast(coalesce(sum(case when is_mature then revenue_amount end), 0) as decimal(18, 4))
            as revenue_amount,
        cast(
            coalesce(sum(case when is_mature then capped_revenue_amount end), 0) as decimal(18, 4)
        ) as capped_revenue_amount,
        min(eligible_at) as first_eligible_at
    from grouped
    group by
        shop_id,
        experiment_kind,
        campaign_key,
        campaign_version,
        metric_key,
        arm_key,
        is_holdout

),

-- Where no order has a known amount, revenue is unknown, not 0.
priced as (

    select
        shop_id,
        experiment_kind,
        campaign_key,
        campaign_version,
        metric_key,
        arm_key,
        is_holdout,
        arm_order,
        recorded_person_count,
        person_count,
        outcome_person_count,
        contaminated_person_count,
        later_episode_count,
        order_count,
        unpriced_order_count,
        case when order_count = 0 or order_count > unpriced_order_count then revenue_amount end
            as revenue_amount,
        case when order_count = 0 or order_count > unpriced_order_count then capped_revenue_amount end
            as capped_revenue_amount,
        first_eligible_at
    from counted

)

select * from priced
