{# Long for fifteen states that are only right in one order, side by side. #}

with

episodes as (

    select * from {{ ref('int_recovery__campaigned') }}

),

reachable as (

    select * from {{ ref('int_recovery__reachable') }}

),

assigned_arms as (

    select * from {{ ref('int_arms__assigned') }}

),

steps as (

    select * from {{ ref('stg_campaign_steps') }}

),

messages as (

    select * from {{ ref('int_messages__reported') }}

),

touched as (

    select distinct
        shop_id,
        message_id
    from {{ ref('int_messages__touched') }}

),

credited as (

    select * from {{ ref('int_recovery__credited') }}

),

message_orders as (

    select * from {{ ref('int_recovery__message_orders') }}

),

orders as (

    select * from {{ ref('int_recovery__orders') }}

),

step_limits as (

    select
        shop_id,
        campaign_key,
        campaign_version,
        min(case when step_number = 1 then delay_minutes end) as first_delay_minutes,
        min(case when step_number = 1 then validity_hours end) as first_validity_hours
    from steps
    group by
        shop_id,
        campaign_key,
        campaign_version

),

-- A message whose link or coupon was used arrived, whatever the mailer says of a bounce.
sent_messages as (

    select
        messages.shop_id,
        messages.occurrence_key as episode_id,
        messages.campaign_key,
        count(*) as message_count,
        count(
            case
                when touched.message_id is null and (messages.is_bounced or not messages.is_sent)
                    then 1
            end
        ) as lost_message_count,
        min(case when messages.is_bounced then coalesce(messages.bounce_reason, 'bounced') end)
            as bounce_reason,
        max(messages.window_ends_at) as last_window_ends_at
    from messages
    left join touched
        on
            messages.shop_id = touched.shop_id
            and messages.message_id = touched.message_id
    group by
        messages.shop_id,
        messages.occurrence_key,
        messages.campaign_key

),

last_messages as (

    select
        shop_id,
        occurrence_key as episode_id,
        campaign_key,
        step_number,
        handed_over_at,
        row_number() over (
            partition by shop_id, occurrence_key, campaign_key
            order by
                step_number desc,
                handed_over_at asc,
                message_id asc
        ) as recency_no
    from messages

),

-- Only the step after the last one done may still be due, no sooner after it than their delays differ.
next_steps as (

    select
        episodes.shop_id,
        episodes.episode_id,
        following_steps.validity_hours,
        greatest(
            {{ add_minutes(
                'episodes.last_abandoned_at',
                'following_steps.delay_minutes - episodes.cart_idle_minutes'
            ) }},
            {{ add_minutes(
                'last_messages.handed_over_at',
                'greatest(following_steps.delay_minutes - coalesce('
                ~ 'case when done_steps.step_number = 1 then assigned_arms.delay_minutes end, '
                ~ 'done_steps.delay_minutes, following_steps.delay_minutes), 0)'
            ) }}
        ) as due_at
    from episodes
    inner join last_messages
        on
            episodes.shop_id = last_messages.shop_id
            and episodes.episode_id = last_messages.episode_id
            and episodes.campaign_key = last_messages.campaign_key
            and last_messages.recency_no = 1
    inner join steps as following_steps
        on
            episodes.shop_id = following_steps.shop_id
            and episodes.campaign_key = following_steps.campaign_key
            and episodes.campaign_version = following_steps.campaign_version
            and last_messages.step_number + 1 = following_steps.step_number
    left join steps as done_steps
        on
            episodes.shop_id = done_steps.shop_id
            and episodes.campaign_key = done_steps.campaign_key
            and episodes.campaign_version = done_steps.campaign_version
            and last_messages.step_number = done_steps.step_number
    left join assigned_arms
        on
            episodes.shop_id = assigned_arms.shop_id
            and episodes.campaign_key = assigned_arms.campaign_key
            and episodes.campaign_version = assigned_arms.campaign_version
            and episodes.episode_id = assigned_arms.occurrence_key
            and episodes.person_id = assigned_arms.person_id

),

credited_orders as (

    select
        *,
        row_number() over (
            partition by shop_id, campaign_key, occurrence_key, is_recovered
            order by
                ordered_at,
                order_id
        ) as order_rank
    from credited

),

episode_credits as (

    select
        shop_id,
        occurrence_key as episode_id,
        campaign_key,
        max(case when is_recovered and order_rank = 1 then order_id end) as recovered_order_id,
        max(case when is_recovered and order_rank = 1 then step_number end) as recovered_step,
        max(case when is_recovered and order_rank = 1 then recovery_rule end) as recovery_rule,
        cast(sum(case when is_recovered then revenue_amount end) as decimal(18, 4))
            as recovered_amount,
        max(case when not is_recovered and order_rank = 1 then order_id end) as self_order_id
    from credited_orders
    group by
        shop_id,
        occurrence_key,
        campaign_key

),

-- What may be said of the orders after a mail, each within the one before; credit is another matter.
order_facts as (

    select
        messages.shop_id,
        messages.occurrence_key as episode_id,
        messages.campaign_key,
        max(case when message_orders.is_same_goods then 1 else 0 end) = 1 as has_order_same_goods,
        max(case when message_orders.is_via_link then 1 else 0 end) = 1 as has_order_via_link
    from messages
    inner join message_orders
        on
            messages.shop_id = message_orders.shop_id
            and messages.message_id = message_orders.message_id
    group by
        messages.shop_id,
        messages.occurrence_key,
        messages.campaign_key

),

orders_in_window as (

    select
        episodes.shop_id,
        episodes.episode_id,
        count(*) as order_count
    from episodes
    inner join orders
        on
            episodes.shop_id = orders.shop_id
            and episodes.person_id = orders.person_id
            and episodes.abandoned_at <= orders.ordered_by_at
            and {{ add_days('episodes.abandoned_at', 'episodes.window_days') }}
            > orders.ordered_by_at
    group by
        episodes.shop_id,
        episodes.episode_id

),

limited as (

    select
        episodes.*,
        coalesce(episodes.recorded_arm_key, assigned_arms.arm_key) as arm_key,
        coalesce(
            assigned_arms.eligible_at, episodes.recorded_eligible_at, reachable.eligible_at
        ) as eligible_at,
        coalesce(reachable.reach_state, 'not_identified') as reach_state,
        reachable.suppression_reason,
        coalesce(reachable.is_identified, false) as is_identified,
        coalesce(reachable.has_address, false) as has_address,
        coalesce(reachable.has_consent, false) as has_consent,
        coalesce(sent_messages.message_count, 0) as message_count,
        coalesce(sent_messages.lost_message_count, 0) as lost_message_count,
        sent_messages.bounce_reason,
        sent_messages.last_window_ends_at,
        -- The clock of a step starts at the activity before the abandonment.
        {{ add_minutes(
            'episodes.last_abandoned_at',
            'coalesce(assigned_arms.delay_minutes, step_limits.first_delay_minutes)'
            ~ ' + step_limits.first_validity_hours * 60 - episodes.cart_idle_minutes'
        ) }} as first_valid_until_at,
        {{ add_hours('next_steps.due_at', 'next_steps.validity_hours') }} as next_valid_until_at
    from episodes
    left join reachable
        on
            episodes.shop_id = reachable.shop_id
            and episodes.episode_id = reachable.episode_id
    left join assigned_arms
        on
            episodes.shop_id = assigned_arms.shop_id
            and episodes.campaign_key = assigned_arms.campaign_key
            and episodes.campaign_version = assigned_arms.campaign_version
            and episodes.episode_id = assigned_arms.occurrence_key
            and episodes.person_id = assigned_arms.person_id
    left join step_limits
        on
            episodes.shop_id = step_limits.shop_id
            and episodes.campaign_key = step_limits.campaign_key
            and episodes.campaign_version = step_limits.campaign_version
    left join sent_messages
        on
            episodes.shop_id = sent_messages.shop_id
            and episodes.episode_id = sent_messages.episode_id
            and episodes.campaign_key = sent_messages.campaign_key
    left join next_steps
        on
            episodes.shop_id = next_steps.shop_id
            and episodes.episode_id = next_steps.episode_id

),

bounded as (

    select
        limited.*,
        coalesce(
            least(limited.handed_over_at, limited.held_out_at),
            limited.first_valid_until_at
        ) as first_decided_at,
        {{ add_days('limited.abandoned_at', 'limited.window_days') }} as window_ends_at,
        episode_credits.recovered_order_id,
        episode_credits.recovered_step,
        episode_credits.recovery_rule,
        episode_credits.recovered_amount,
        episode_credits.self_order_id,
        order_facts.episode_id is not null as has_order_after,
        coalesce(order_facts.has_order_same_goods, false) as has_order_same_goods,
        coalesce(order_facts.has_order_via_link, false) as has_order_via_link,
        orders_in_window.order_count is not null as has_ordered_in_window
    from limited
    left join episode_credits
        on
            limited.shop_id = episode_credits.shop_id
            and limited.episode_id = episode_credits.episode_id
            and limited.campaign_key = episode_credits.campaign_key
    left join order_facts
        on
            limited.shop_id = order_facts.shop_id
            and limited.episode_id = order_facts.episode_id
            and limited.campaign_key = order_facts.campaign_key
    left join orders_in_window
        on
            limited.shop_id = orders_in_window.shop_id
            and limited.episode_id = orders_in_window.episode_id

),

-- The first that applies.
ended as (

    select
        *,
        case
            -- Who was written to or held out was reachable, whatever has been learnt since.
            when
                handed_over_at is null and held_out_at is null and reach_state <> 'reachable'
                then reach_state
            when campaign_key is null then 'no_campaign'
            when close_reason = 'ordered' and closed_at < first_decided_at
                then 'self_ordered_before_step_1'
            when close_reason = 'emptied' and closed_at < first_decided_at
                then 'emptied_before_step_1'
            when
                handed_over_at is null
                and held_out_at is null
                and (
                    first_valid_until_at <= as_of_at
                    -- These two defer a message, they do not refuse it.
                    or (
                        gate_reason is not null
                        and gate_reason not in ('quiet_hours', 'frequency_cap')
                    )
                )
                then 'gated'
            when handed_over_at is null and held_out_at is not null then 'held_out'
            when message_count > 0 and lost_message_count = message_count then 'not_delivered'
            when recovered_order_id is not null then 'recovered'
            when self_order_id is not null then 'self_ordered_later'
            -- What happens after the last window would move a month that has settled.
            when close_reason = 'ordered' and closed_at < last_window_ends_at
                then 'self_ordered_later'
            when last_window_ends_at > as_of_at then 'open'
            when message_count = 0 then 'open'
            when
                close_reason is null
                and next_valid_until_at > as_of_at
                then 'open'
            when close_reason = 'emptied' and closed_at < last_window_ends_at then 'emptied_later'
            else 'lost'
        end as terminal_state
    from bounded

),

reasoned as (

    select
        shop_id,
        episode_id,
        person_id,
        campaign_key,
        campaign_version,
        arm_key,
        terminal_state,
        case terminal_state
            when 'suppressed' then suppression_reason
            when 'gated' then coalesce(gate_reason, 'missed')
            when 'not_delivered' then coalesce(bounce_reason, 'not_sent')
            when 'recovered' then recovery_rule
            else ''
        end as terminal_reason,
        case when terminal_state = 'recovered' then recovered_step end as terminal_step,
        case when terminal_state = 'recovered' then recovered_order_id end as credited_order_id,
        is_identified,
        has_address,
        has_consent,
        reach_state = 'reachable' or handed_over_at is not null or held_out_at is not null
            as is_reachable,
        message_count > 0 as is_handed_over,
        message_count > lost_message_count as is_delivered,
        has_order_after,
        has_order_same_goods,
        has_order_via_link,
        has_ordered_in_window,
        window_ends_at <= as_of_at and coalesce(last_window_ends_at <= as_of_at, true) as is_mature,
        currency,
        value_amount,
        case when terminal_state = 'recovered' then recovered_amount end as recovered_amount,
        eligible_at,
        handed_over_at,
        abandoned_at,
        abandoned_on,
        {{ month_of('abandoned_on') }} as abandoned_month
    from ended

)

select * from reasoned
