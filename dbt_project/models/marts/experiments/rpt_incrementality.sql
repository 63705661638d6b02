{# Long for both metrics, their intervals and the verdict in one contract. #}

with

estimated as (

    select * from {{ ref('int_experiments__estimated') }}

),

bootstrapped as (

    select
        *,
        'order' as metric_key
    from {{ ref('int_experiments__revenue_bootstrapped') }}

),

stratified as (

    select
        *,
        'order' as metric_key
    from {{ ref('int_experiments__stratified') }}

),

outlier_limits as (

    select * from {{ ref('int_recovery__outlier_limits') }}

),

-- Revenue is compared once, in the rows of the orders.
joined as (

    select
        estimated.*,
        stratified.stratified_person_count,
        stratified.difference_post_stratified,
        stratified.difference_post_stratified_low,
        stratified.difference_post_stratified_high,
        case when estimated.metric_key = 'order'
            then cast(outlier_limits.outlier_limit_amount as decimal(18, 4))
        end as revenue_cap_amount,
        case
            when
                estimated.capped_revenue_amount is not null
                and estimated.baseline_capped_revenue_amount is not null
                then bootstrapped.revenue_difference_low
        end as revenue_difference_low,
        case
            when
                estimated.capped_revenue_amount is not null
                and estimated.baseline_capped_revenue_amount is not null
                then bootstrapped.revenue_difference_high
        end as revenue_difference_high
    from estimated
    left join bootstrapped
        on
            estimated.shop_id = bootstrapped.shop_id
            and estimated.campaign_key = bootstrapped.campaign_key
            and estimated.campaign_version = bootstrapped.campaign_version
            and estimated.comparison_key = bootstrapped.comparison_key
            and estimated.arm_key = bootstrapped.arm_key
            and estimated.is_holdout = bootstrapped.is_holdout
            and estimated.metric_key = bootstrapped.metric_key
    left join stratified
        on
            estimated.shop_id = stratified.shop_id
            and estimated.campaign_key = stratified.campaign_key
            and estimated.campaign_version = stratified.campaign_version
            and estimated.comparison_key = stratified.comparison_key
            and estimated.arm_key = stratified.arm_key
            and estimated.is_holdout = stratified.is_holdout
            and estimated.metric_key = stratified.metric_key
    left join outlier_limits
        on estimated.shop_id = outlier_limits.shop_id

),

rated as (

    select
        *,
        cast(outcome_person_count as double) / nullif(person_count, 0) as outcome_rate,
        {{ wilson_low('outcome_person_count', 'person_count') }} as outcome_rate_low,
        {{ wilson_high('outcome_person_count', 'person_count') }} as outcome_rate_high,
        cast(baseline_outcome_person_count as double) / nullif(baseline_person_count, 0)
            as baseline_outcome_rate,
        {{ wilson_low('baseline_outcome_person_count', 'baseline_person_count') }}
            as baseline_outcome_rate_low,
        {{ wilson_high('baseline_outcome_person_count', 'baseline_person_count') }}
            as baseline_outcome_rate_high,
        {{ lift_low(
            'outcome_person_count', 'person_count',
            'baseline_outcome_person_count', 'baseline_person_count'
        ) }} as relative_lift_low,
        {{ lift_high(
            'outcome_person_count', 'person_count',
            'baseline_outcome_person_count', 'baseline_person_count'
        ) }} as relative_lift_high,
        cast(revenue_amount as double) / nullif(person_count, 0) as revenue_per_person_amount,
        cast(capped_revenue_amount as double) / nullif(person_count, 0)
            as capped_revenue_per_person_amount,
        cast(baseline_revenue_amount as double) / nullif(baseline_person_count, 0)
            as baseline_revenue_per_person_amount,
        cast(baseline_capped_revenue_amount as double) / nullif(baseline_person_count, 0)
            as baseline_capped_revenue_per_person_amount
    from joined

),

-- Who registers is compared by registrations alone.
priced as (

    select
        *,
        case when metric_key = 'order'
            then capped_revenue_per_person_amount - baseline_capped_revenue_per_person_amount
        end as revenue_difference_amount
    from rated

),

concluded as (

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
        case
            when baseline_arm_key is null then null
            when least(person_count, baseline_person_count) < planned_person_count then 'collecting'
            when difference_low > 0 then 'better'
            when difference_high < 0 then 'worse'
            when difference_80_low > 0 then 'likely_better'
            when difference_low >= -smallest_effect and difference_high <= smallest_effect
                then 'no_difference_larger_than'
            else 'cannot_be_measured'
        end as verdict,
        is_holdout,
        recorded_person_count,
        person_count,
        outcome_person_count,
        baseline_person_count,
        baseline_outcome_person_count,
        planned_person_count,
        contaminated_person_count,
        later_episode_count,
        order_count,
        unpriced_order_count,
        revenue_amount,
        capped_revenue_amount,
        baseline_revenue_amount,
        baseline_capped_revenue_amount,
        revenue_cap_amount,
        smallest_effect_bp,
        outcome_rate,
        outcome_rate_low,
        outcome_rate_high,
        baseline_outcome_rate,
        baseline_outcome_rate_low,
        baseline_outcome_rate_high,
        outcome_rate - baseline_outcome_rate as outcome_rate_difference,
        difference_low,
        difference_high,
        difference_80_low,
        difference_80_high,
        (outcome_rate - baseline_outcome_rate) / nullif(baseline_outcome_rate, 0) as relative_lift,
        relative_lift_low,
        relative_lift_high,
        stratified_person_count,
        difference_post_stratified,
        difference_post_stratified_low,
        difference_post_stratified_high,
        (outcome_rate - baseline_outcome_rate) * person_count as extra_person_count,
        difference_low * person_count as extra_person_count_low,
        difference_high * person_count as extra_person_count_high,
        revenue_per_person_amount,
        baseline_revenue_per_person_amount,
        capped_revenue_per_person_amount,
        baseline_capped_revenue_per_person_amount,
        revenue_difference_amount,
        revenue_difference_low,
        revenue_difference_high,
        revenue_difference_amount * person_count as extra_revenue_amount,
        revenue_difference_low * person_count as extra_revenue_low,
        revenue_difference_high * person_count as extra_revenue_high,
        first_eligible_at
    from priced

)

select * from concluded
