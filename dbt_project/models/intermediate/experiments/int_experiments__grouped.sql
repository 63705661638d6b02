with

observed as (

    select * from {{ ref('int_experiments__observed') }}

),

-- Whoever had an account before cannot register any more.
measured as (

    select
        *,
        'order' as metric_key,
        order_count > 0 as has_outcome
    from observed

    union all

    select
        *,
        'registered' as metric_key,
        has_registered as has_outcome
    from observed
    where
        experiment_kind = 'site'
        and not was_registered_before

),

-- Besides each arm: all that were written to together, and all that were held out.
grouped as (

    select
        shop_id,
        experiment_kind,
        campaign_key,
        campaign_version,
        metric_key,
        person_id,
        arm_key,
        value_band,
        is_holdout,
        is_contaminated,
        is_mature,
        has_outcome,
        arm_order,
        later_episode_count,
        order_count,
        unpriced_order_count,
        revenue_amount,
        capped_revenue_amount,
        eligible_at
    from measured

    union all

    select
        shop_id,
        experiment_kind,
        campaign_key,
        campaign_version,
        metric_key,
        person_id,
        'all' as arm_key,
        value_band,
        is_holdout,
        is_contaminated,
        is_mature,
        has_outcome,
        cast(0 as bigint) as arm_order,
        later_episode_count,
        order_count,
        unpriced_order_count,
        revenue_amount,
        capped_revenue_amount,
        eligible_at
    from measured

)

select * from grouped
