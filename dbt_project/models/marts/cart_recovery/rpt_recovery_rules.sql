{# Long for six rules counted from messages beside the seventh, which is estimated from the holdout. #}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

settings as (

    select * from {{ ref('int_run__settings') }}

),

periods as (

    select * from {{ ref('int_run__periods') }}

),

campaigns as (

    select * from {{ ref('stg_campaigns') }}
    where segment_key = 'cart_recovery'

),

rules as (

    select distinct
        rule_number,
        rule_key,
        maturity_days
    from {{ ref('int_recovery__rules') }}

),

messages as (

    select * from {{ ref('fct_messages') }}
    where is_sent

),

rule_orders as (

    select * from {{ ref('int_recovery__rule_orders') }}

),

orders as (

    select * from {{ ref('int_recovery__orders') }}

),

effects as (

    select * from {{ ref('rpt_incrementality') }}
    where
        arm_key = 'all'
        and metric_key = 'order'
        and comparison_key = 'holdout'
        and experiment_kind = 'campaign'
        and not is_holdout

),

with_maturity as (

    select
        messages.shop_id,
        messages.message_id,
        messages.person_id,
        messages.campaign_key,
        messages.sent_month,
        rules.rule_number,
        rules.rule_key,
        {{ add_days('messages.sent_at', 'rules.maturity_days') }} as settles_at,
        as_of.as_of_at
    from messages
    inner join campaigns
        on
            messages.shop_id = campaigns.shop_id
            and messages.campaign_key = campaigns.campaign_key
            and messages.campaign_version = campaigns.campaign_version
    inner join as_of
        on messages.shop_id = as_of.shop_id
    cross join rules

),

by_campaign as (

    select
        *,
        'all' as reported_campaign,
        settles_at <= as_of_at as is_mature
    from with_maturity

    union all

    select
        *,
        campaign_key as reported_campaign,
        settles_at <= as_of_at as is_mature
    from with_maturity

),

in_periods as (

    select
        periods.period_key,
        by_campaign.*
    from by_campaign
    inner join periods
        on
            by_campaign.shop_id = periods.shop_id
            and by_campaign.sent_month >= periods.first_month
            and by_campaign.sent_month <= periods.last_month

),

message_counts as (

    select
        shop_id,
        period_key,
        reported_campaign,
        rule_number,
        rule_key,
        count(case when is_mature then 1 end) as message_count,
        count(distinct case when is_mature then person_id end) as person_count,
        count(case when not is_mature then 1 end) as immature_count
    from in_periods
    group by
        shop_id,
        period_key,
        reported_campaign,
        rule_number,
        rule_key

),

-- One order is one order, whatever number of messages it followed.
ruled_orders as (

    select distinct
        in_periods.shop_id,
        in_periods.period_key,
        in_periods.reported_campaign,
        in_periods.rule_number,
        rule_orders.order_id
    from in_periods
    inner join rule_orders
        on
            in_periods.shop_id = rule_orders.shop_id
            and in_periods.message_id = rule_orders.message_id
            and in_periods.rule_number = rule_orders.rule_number
    where in_periods.is_mature

),

order_counts as (

    select
        ruled_orders.shop_id,
        ruled_orders.period_key,
        ruled_orders.reported_campaign,
        ruled_orders.rule_number,
        count(distinct orders.person_id) as orderer_count,
        count(*) as order_count,
        cast(sum(orders.revenue_amount) as decimal(18, 4)) as recovered_amount
    from ruled_orders
    inner join orders
        on
            ruled_orders.shop_id = orders.shop_id
            and ruled_orders.order_id = orders.order_id
    group by
        ruled_orders.shop_id,
        ruled_orders.period_key,
        ruled_orders.reported_campaign,
        ruled_orders.rule_number

),

counted as (

    select
        message_counts.shop_id,
        message_counts.period_key,
        message_counts.reported_campaign as campaign_key,
        message_counts.rule_number,
        message_counts.rule_key,
        message_counts.message_count,
        message_counts.person_count,
        message_counts.immature_count,
        coalesce(order_counts.orderer_count, 0) as orderer_count,
        coalesce(order_counts.order_count, 0) as order_count,
        case
            when order_counts.order_count is null then cast(0 as decimal(18, 4))
            else order_counts.recovered_amount
        end as recovered_amount,
        cast(null as double) as extra_orderer_count,
        cast(null as double) as extra_revenue_amount
    from message_counts
    left join order_counts
        on
            message_counts.shop_id = order_counts.shop_id
            and message_counts.period_key = order_counts.period_key
            and message_counts.reported_campaign = order_counts.reported_campaign
            and message_counts.rule_number = order_counts.rule_number

),

effects_by_campaign as (

    select
        effects.*,
        'all' as reported_campaign
    from effects

    union all

    select
        effects.*,
        effects.campaign_key as reported_campaign
    from effects

),

effect_sums as (

    select
        effects_by_campaign.shop_id,
        effects_by_campaign.reported_campaign,
        cast(sum(effects_by_campaign.person_count) as bigint) as person_count,
        cast(
            sum(effects_by_campaign.recorded_person_count - effects_by_campaign.person_count) as bigint
        ) as immature_count,
        cast(sum(effects_by_campaign.extra_person_count) as double) as extra_orderer_count,
        cast(sum(effects_by_campaign.extra_revenue_amount) as double) as extra_revenue_amount
    from effects_by_campaign
    inner join campaigns
        on
            effects_by_campaign.shop_id = campaigns.shop_id
            and effects_by_campaign.campaign_key = campaigns.campaign_key
            and effects_by_campaign.campaign_version = campaigns.campaign_version
    group by
        effects_by_campaign.shop_id,
        effects_by_campaign.reported_campaign

),

-- The holdout speaks of all time alone, and only where there is one.
estimated as (

    select
        counted.shop_id,
        counted.period_key,
        counted.campaign_key,
        cast(7 as bigint) as rule_number,
        'holdout' as rule_key,
        cast(null as bigint) as message_count,
        effect_sums.person_count,
        effect_sums.immature_count,
        cast(null as bigint) as orderer_count,
        cast(null as bigint) as order_count,
        cast(null as decimal(18, 4)) as recovered_amount,
        effect_sums.extra_orderer_count,
        effect_sums.extra_revenue_amount
    from counted
    left join effect_sums
        on
            counted.shop_id = effect_sums.shop_id
            and counted.campaign_key = effect_sums.reported_campaign
    where
        counted.period_key = 'all'
        and counted.rule_number = 1

),

stacked as (

    select * from counted
    union all
    select * from estimated

),

rated as (

    select
        stacked.shop_id,
        stacked.period_key,
        stacked.campaign_key,
        stacked.rule_number,
        stacked.rule_key,
        settings.currency,
        coalesce(stacked.immature_count = 0, false) as is_mature,
        stacked.message_count,
        stacked.person_count,
        stacked.immature_count,
        stacked.orderer_count,
        stacked.order_count,
        stacked.recovered_amount,
        stacked.extra_orderer_count,
        stacked.extra_revenue_amount,
        cast(stacked.orderer_count as double) / nullif(stacked.message_count, 0)
            as order_per_sent_rate,
        stacked.extra_orderer_count / nullif(stacked.person_count, 0) as order_rate_difference
    from stacked
    inner join settings
        on stacked.shop_id = settings.shop_id

)

select * from rated
