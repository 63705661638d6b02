{# Long for the fifteen states in their order, and five ways to split them. #}

with

periods as (

    select * from {{ ref('int_run__periods') }}

),

outcomes as (

    select * from {{ ref('fct_recovery_outcomes') }}

),

episodes as (

    select * from {{ ref('fct_cart_episodes') }}
    where is_abandoned

),

campaigned as (

    select
        shop_id,
        episode_id,
        -- A cart no campaign was for, none could have written to.
        case when campaign_key is null then 'none' else channel end as channel
    from {{ ref('int_recovery__campaigned') }}

),

described as (

    select
        outcomes.shop_id,
        outcomes.campaign_key,
        outcomes.abandoned_month,
        outcomes.terminal_state,
        outcomes.terminal_reason,
        outcomes.currency,
        outcomes.has_ordered_in_window,
        outcomes.value_amount,
        case when episodes.is_member then 'member' else 'not_member' end as member,
        episodes.device,
        episodes.value_band,
        campaigned.channel
    from outcomes
    inner join episodes
        on
            outcomes.shop_id = episodes.shop_id
            and outcomes.episode_id = episodes.episode_id
    inner join campaigned
        on
            outcomes.shop_id = campaigned.shop_id
            and outcomes.episode_id = campaigned.episode_id

),

by_dimension as (
    {% for dimension in ['member', 'device', 'value_band', 'channel'] %}
    select
        *,
        '{{ dimension }}' as dimension,
        {{ dimension }} as dimension_value
    from described

    union all
    {% endfor %}
    select
        *,
        'all' as dimension,
        'all' as dimension_value
    from described

),

by_campaign as (

    select
        *,
        'all' as reported_campaign
    from by_dimension

    union all

    select
        *,
        campaign_key as reported_campaign
    from by_dimension
    where campaign_key is not null

),

-- An episode stands in one month and one state, so that months add up to periods.
by_month as (

    select
        shop_id,
        abandoned_month,
        reported_campaign,
        dimension,
        dimension_value,
        terminal_state,
        terminal_reason,
        currency,
        count(*) as episode_count,
        count(case when has_ordered_in_window then 1 end) as ordered_episode_count,
        sum(value_amount) as value_amount
    from by_campaign
    group by
        shop_id,
        abandoned_month,
        reported_campaign,
        dimension,
        dimension_value,
        terminal_state,
        terminal_reason,
        currency

),

counted as (

    select
        by_month.shop_id,
        periods.period_key,
        by_month.reported_campaign as campaign_key,
        by_month.dimension,
        by_month.dimension_value,
        by_month.terminal_state,
        by_month.terminal_reason,
        by_month.currency,
        cast(sum(by_month.episode_count) as bigint) as episode_count,
        cast(sum(by_month.ordered_episode_count) as bigint) as ordered_episode_count,
        cast(sum(by_month.value_amount) as decimal(18, 4)) as value_amount
    from by_month
    inner join periods
        on
            by_month.shop_id = periods.shop_id
            and by_month.abandoned_month >= periods.first_month
            and by_month.abandoned_month <= periods.last_month
    group by
        by_month.shop_id,
        periods.period_key,
        by_month.reported_campaign,
        by_month.dimension,
        by_month.dimension_value,
        by_month.terminal_state,
        by_month.terminal_reason,
        by_month.currency

),

totalled as (

    select
        shop_id,
        period_key,
        campaign_key,
        dimension,
        dimension_value,
        terminal_state,
        terminal_reason,
        currency,
        cast(
            case terminal_state
                when 'not_identified' then 1
                when 'no_address' then 2
                when 'no_consent' then 3
                when 'suppressed' then 4
                when 'no_campaign' then 5
                when 'self_ordered_before_step_1' then 6
                when 'emptied_before_step_1' then 7
                when 'gated' then 8
                when 'held_out' then 9
                when 'not_delivered' then 10
                when 'recovered' then 11
                when 'self_ordered_later' then 12
                when 'open' then 13
                when 'emptied_later' then 14
                when 'lost' then 15
            end as bigint
        ) as state_order,
        episode_count,
        ordered_episode_count,
        value_amount,
        cast(
            sum(episode_count) over (
                partition by shop_id, period_key, campaign_key, dimension, dimension_value
            ) as bigint
        ) as total_episode_count
    from counted

)

select * from totalled
