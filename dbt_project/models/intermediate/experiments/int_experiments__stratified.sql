{# Long for the interval of a weighted sum, written out once for both of its ends. #}

with

pairs as (

    select * from {{ ref('int_experiments__paired') }}
    where
        metric_key = 'order'
        and baseline_arm_key is not null

),

grouped as (

    select * from {{ ref('int_experiments__grouped') }}
    where
        metric_key = 'order'
        and experiment_kind = 'campaign'
        and is_mature

),

by_band as (

    select
        shop_id,
        campaign_key,
        campaign_version,
        arm_key,
        is_holdout,
        value_band,
        count(*) as person_count,
        count(case when has_outcome then 1 end) as orderer_count
    from grouped
    group by
        shop_id,
        campaign_key,
        campaign_version,
        arm_key,
        is_holdout,
        value_band

),

-- A band that only one side has says nothing of the difference.
matched as (

    select
        pairs.shop_id,
        pairs.campaign_key,
        pairs.campaign_version,
        pairs.comparison_key,
        pairs.arm_key,
        pairs.is_holdout,
        arm_bands.value_band,
        arm_bands.person_count,
        arm_bands.orderer_count,
        baseline_bands.person_count as baseline_person_count,
        baseline_bands.orderer_count as baseline_orderer_count
    from pairs
    inner join by_band as arm_bands
        on
            pairs.shop_id = arm_bands.shop_id
            and pairs.campaign_key = arm_bands.campaign_key
            and pairs.campaign_version = arm_bands.campaign_version
            and pairs.arm_key = arm_bands.arm_key
            and pairs.is_holdout = arm_bands.is_holdout
    inner join by_band as baseline_bands
        on
            arm_bands.shop_id = baseline_bands.shop_id
            and arm_bands.campaign_key = baseline_bands.campaign_key
            and arm_bands.campaign_version = baseline_bands.campaign_version
            and arm_bands.value_band = baseline_bands.value_band
            and baseline_bands.is_holdout = pairs.is_baseline_holdout
            and baseline_bands.arm_key
            = case when pairs.is_baseline_holdout then 'all' else pairs.baseline_arm_key end

),

bounded as (

    select
        *,
        cast(orderer_count as double) / person_count as order_rate,
        {{ wilson_low('orderer_count', 'person_count') }} as order_rate_low,
        {{ wilson_high('orderer_count', 'person_count') }} as order_rate_high,
        cast(baseline_orderer_count as double) / baseline_person_count as baseline_rate,
        {{ wilson_low('baseline_orderer_count', 'baseline_person_count') }} as baseline_rate_low,
        {{ wilson_high('baseline_orderer_count', 'baseline_person_count') }} as baseline_rate_high,
        cast(person_count + baseline_person_count as double)
        / sum(person_count + baseline_person_count) over (
            partition by
                shop_id, campaign_key, campaign_version, comparison_key, arm_key, is_holdout
        ) as weight
    from matched

),

-- Each end of the weighted sum moves by the root of the summed squares of its parts.
summed_up as (

    select
        shop_id,
        campaign_key,
        campaign_version,
        comparison_key,
        arm_key,
        is_holdout,
        cast(sum(person_count + baseline_person_count) as bigint) as stratified_person_count,
        -- Rounded, so that the order in which a sum was made does not change the last digit.
        round(sum(weight * (order_rate - baseline_rate)), 12) as difference,
        round(
            sum(power(weight * (order_rate - order_rate_low), 2))
            + sum(power(weight * (baseline_rate_high - baseline_rate), 2)),
            12
        ) as squared_below,
        round(
            sum(power(weight * (order_rate_high - order_rate), 2))
            + sum(power(weight * (baseline_rate - baseline_rate_low), 2)),
            12
        ) as squared_above
    from bounded
    group by
        shop_id,
        campaign_key,
        campaign_version,
        comparison_key,
        arm_key,
        is_holdout

),

stratified as (

    select
        shop_id,
        campaign_key,
        campaign_version,
        comparison_key,
        arm_key,
        is_holdout,
        stratified_person_count,
        difference as difference_post_stratified,
        difference - sqrt(squared_below) as difference_post_stratified_low,
        difference + sqrt(squared_above) as difference_post_stratified_high
    from summed_up

)

select * from stratified
