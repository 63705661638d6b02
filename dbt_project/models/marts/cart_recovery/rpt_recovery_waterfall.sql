{# Long for the fifteen states in their order. #}

with

periods as (

    select * from {{ ref('int_run__periods') }}

),

outcomes as (

    select * from {{ ref('fct_recovery_outcomes') }}

),

in_periods as (

    select
        periods.period_key,
        outcomes.shop_id,
        outcomes.campaign_key,
        outcomes.terminal_state,
        outcomes.terminal_reason,
        outcomes.currency,
        outcomes.has_ordered_in_window,
        outcomes.value_amount
    from outcomes
    inner join periods
        on
            outcomes.shop_id = periods.shop_id
            and outcomes.abandoned_month >= periods.first_month
            and outcomes.abandoned_month <= periods.last_month

),

by_campaign as (

    select
        shop_id,
        period_key,
        'all' as campaign_key,
        terminal_state,
        terminal_reason,
        currency,
        has_ordered_in_window,
        value_amount
    from in_periods

    union all

    select
        shop_id,
        period_key,
        campaign_key,
        terminal_state,
        terminal_reason,
        currency,
        has_ordered_in_window,
        value_amount
    from in_periods
    where campaign_key is not null

),

counted as (

    select
        shop_id,
        period_key,
        campaign_key,
        terminal_state,
        terminal_reason,
        currency,
        count(*) as episode_count,
        count(case when has_ordered_in_window then 1 end) as ordered_episode_count,
        cast(sum(value_amount) as decimal(18, 4)) as value_amount
    from by_campaign
    group by
        shop_id,
        period_key,
        campaign_key,
        terminal_state,
        terminal_reason,
        currency

),

totalled as (

    select
        shop_id,
        period_key,
        campaign_key,
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
            sum(episode_count) over (partition by shop_id, period_key, campaign_key) as bigint
        ) as total_episode_count
    from counted

)

select * from totalled
