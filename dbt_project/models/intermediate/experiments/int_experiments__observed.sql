{# Long for two kinds of trial that must be observed by one rule. #}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

arms as (

    select * from {{ ref('int_arms__started') }}

),

exposures as (

    select * from {{ ref('int_exposures__started') }}

),

orders as (

    select * from {{ ref('int_recovery__orders') }}

),

outlier_limits as (

    select * from {{ ref('int_recovery__outlier_limits') }}

),

started as (

    select
        shop_id,
        'campaign' as experiment_kind,
        campaign_key,
        campaign_version,
        person_id,
        arm_key,
        value_band,
        is_holdout,
        is_contaminated,
        arm_order,
        later_episode_count,
        {{ add_days('eligible_at', 'window_days') }} as window_ends_at,
        cast(null as timestamp) as registered_at,
        eligible_at
    from arms

    union all

    -- Experiments of the site have no version: 0.
    select
        shop_id,
        'site' as experiment_kind,
        experiment_key as campaign_key,
        cast(0 as bigint) as campaign_version,
        person_id,
        arm_key,
        'unknown' as value_band,
        is_holdout,
        is_contaminated,
        cast(null as bigint) as arm_order,
        cast(0 as bigint) as later_episode_count,
        {{ add_days('exposed_at', 'window_days') }} as window_ends_at,
        registered_at,
        exposed_at as eligible_at
    from exposures

),

-- From eligibility, not from sending: who buys before a slow arm's mail counts in that arm, too.
ordered as (

    select
        started.shop_id,
        started.campaign_key,
        started.campaign_version,
        started.person_id,
        count(*) as order_count,
        count(case when orders.revenue_amount is null then 1 end) as unpriced_order_count,
        cast(sum(orders.revenue_amount) as decimal(18, 4)) as revenue_amount,
        -- Above the outlier rule an order counts as if it were at the limit.
        cast(
            sum(
                case
                    when orders.revenue_amount > outlier_limits.outlier_limit_amount
                        then cast(outlier_limits.outlier_limit_amount as decimal(18, 4))
                    else orders.revenue_amount
                end
            ) as decimal(18, 4)
        ) as capped_revenue_amount
    from started
    inner join orders
        on
            started.shop_id = orders.shop_id
            and started.person_id = orders.person_id
            and started.eligible_at <= orders.ordered_by_at
            and started.window_ends_at > orders.ordered_by_at
    left join outlier_limits
        on started.shop_id = outlier_limits.shop_id
    group by
        started.shop_id,
        started.campaign_key,
        started.campaign_version,
        started.person_id

),

-- Who ordered nothing brought 0; what an order without a known amount brought is unknown.
observed as (

    select
        started.shop_id,
        started.experiment_kind,
        started.campaign_key,
        started.campaign_version,
        started.person_id,
        started.arm_key,
        started.value_band,
        started.is_holdout,
        started.is_contaminated,
        started.window_ends_at <= as_of.as_of_at as is_mature,
        coalesce(started.registered_at < started.eligible_at, false) as was_registered_before,
        coalesce(
            started.registered_at >= started.eligible_at
            and started.registered_at < started.window_ends_at, false
        ) as has_registered,
        started.arm_order,
        started.later_episode_count,
        coalesce(ordered.order_count, 0) as order_count,
        coalesce(ordered.unpriced_order_count, 0) as unpriced_order_count,
        case
            when ordered.order_count is null then cast(0 as decimal(18, 4))
            else ordered.revenue_amount
        end as revenue_amount,
        case
            when ordered.order_count is null then cast(0 as decimal(18, 4))
            else ordered.capped_revenue_amount
        end as capped_revenue_amount,
        started.eligible_at,
        started.window_ends_at
    from started
    inner join as_of
        on started.shop_id = as_of.shop_id
    left join ordered
        on
            started.shop_id = ordered.shop_id
            and started.campaign_key = ordered.campaign_key
            and started.campaign_version = ordered.campaign_version
            and started.person_id = ordered.person_id

)

select * from observed
