{# Long for an arm, its holdout and their intervals in one contract. #}

with

settings as (

    select * from {{ ref('int_run__settings') }}

),

observed as (

    select * from {{ ref('int_arms__observed') }}
    where assignment_basis = 'recorded'

),

by_arm as (

    select
        shop_id,
        campaign_key,
        campaign_version,
        arm_key,
        is_holdout,
        is_contaminated,
        is_mature,
        order_count,
        revenue_amount
    from observed

    union all

    -- All arms that were written to, together against the holdout.
    select
        shop_id,
        campaign_key,
        campaign_version,
        'all' as arm_key,
        is_holdout,
        is_contaminated,
        is_mature,
        order_count,
        revenue_amount
    from observed
    where not is_holdout

),

counted as (

    select
        shop_id,
        campaign_key,
        campaign_version,
        arm_key,
        is_holdout,
        count(*) as recorded_person_count,
        count(case when is_mature then 1 end) as person_count,
        count(case when is_mature and order_count > 0 then 1 end) as orderer_count,
        count(case when is_contaminated then 1 end) as contaminated_person_count,
        cast(coalesce(sum(case when is_mature then revenue_amount end), 0) as decimal(18, 4))
            as revenue_amount
    from by_arm
    group by
        shop_id,
        campaign_key,
        campaign_version,
        arm_key,
        is_holdout

),

holdouts as (

    select
        shop_id,
        campaign_key,
        campaign_version,
        sum(person_count) as holdout_person_count,
        sum(orderer_count) as holdout_orderer_count,
        cast(sum(revenue_amount) as decimal(18, 4)) as holdout_revenue_amount
    from counted
    where is_holdout
    group by
        shop_id,
        campaign_key,
        campaign_version

),

compared as (

    select
        counted.shop_id,
        counted.campaign_key,
        counted.campaign_version,
        counted.arm_key,
        settings.currency,
        counted.is_holdout,
        counted.recorded_person_count,
        counted.person_count,
        counted.orderer_count,
        counted.contaminated_person_count,
        counted.revenue_amount,
        case when not counted.is_holdout then cast(holdouts.holdout_person_count as bigint) end
            as holdout_person_count,
        case when not counted.is_holdout then cast(holdouts.holdout_orderer_count as bigint) end
            as holdout_orderer_count,
        case when not counted.is_holdout then holdouts.holdout_revenue_amount end
            as holdout_revenue_amount
    from counted
    inner join settings
        on counted.shop_id = settings.shop_id
    left join holdouts
        on
            counted.shop_id = holdouts.shop_id
            and counted.campaign_key = holdouts.campaign_key
            and counted.campaign_version = holdouts.campaign_version

),

estimated as (

    select
        *,
        cast(orderer_count as double) / nullif(person_count, 0) as order_rate,
        {{ wilson_low('orderer_count', 'person_count') }} as order_rate_low,
        {{ wilson_high('orderer_count', 'person_count') }} as order_rate_high,
        cast(holdout_orderer_count as double) / nullif(holdout_person_count, 0)
            as holdout_order_rate,
        cast(revenue_amount as double) / nullif(person_count, 0) as revenue_per_person_amount,
        cast(holdout_revenue_amount as double) / nullif(holdout_person_count, 0)
            as holdout_revenue_per_person_amount,
        {{ newcombe_low(
            'orderer_count', 'person_count', 'holdout_orderer_count', 'holdout_person_count'
        ) }} as difference_low,
        {{ newcombe_high(
            'orderer_count', 'person_count', 'holdout_orderer_count', 'holdout_person_count'
        ) }} as difference_high
    from compared

),

concluded as (

    select
        *,
        order_rate - holdout_order_rate as order_rate_difference,
        (order_rate - holdout_order_rate) / nullif(holdout_order_rate, 0) as relative_lift,
        (order_rate - holdout_order_rate) * person_count as extra_orderer_count,
        (revenue_per_person_amount - holdout_revenue_per_person_amount) * person_count
            as extra_revenue_amount
    from estimated

)

select * from concluded
