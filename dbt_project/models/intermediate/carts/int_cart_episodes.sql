{# Long for one row of every fact of an episode: the one place that describes it. #}

with

settings as (

    select * from {{ ref('int_run__settings') }}

),

actions as (

    select * from {{ ref('int_cart_actions__assigned') }}

),

abandoned as (

    select * from {{ ref('int_cart_episodes__abandoned') }}

),

valued as (

    select * from {{ ref('int_cart_episodes__valued') }}

),

shop_days as (

    select * from {{ ref('stg_shop_days') }}

),

summed_up as (

    select
        shop_id,
        episode_id,
        min(position) as opened_position,
        max(person_id) as person_id,
        max(device) as device,
        max(case when action_kind in ('add', 'change', 'checkout', 'payment') then cart_id end)
            as cart_id,
        max(close_reason) as close_reason,
        max(case when is_close and close_reason = 'ordered' then order_id end) as order_id,
        max(case when is_close then same_cart_position end) as same_cart_position,
        max(case when is_close then same_goods_position end) as same_goods_position,
        max(case when is_close then action_basis end) as closing_basis,
        max(
            case action_kind
                when 'payment' then 3
                when 'checkout' then 2
                else 1
            end
        ) as stage_no,
        count(case when is_cart_activity then 1 end) as activity_count,
        min(acted_at) as opened_at,
        min(acted_on) as opened_on,
        max(last_activity_at) as last_activity_at,
        max(closed_at) as closed_at,
        min(identified_at) as identified_at
    from actions
    group by
        shop_id,
        episode_id

),

last_positions as (

    select
        shop_id,
        episode_id,
        max(position) as last_position
    from actions
    where is_cart_activity
    group by
        shop_id,
        episode_id

),

last_activities as (

    select
        actions.shop_id,
        actions.episode_id,
        max(actions.acted_precision) as last_activity_precision
    from actions
    inner join last_positions
        on
            actions.shop_id = last_positions.shop_id
            and actions.episode_id = last_positions.episode_id
            and actions.position = last_positions.last_position
    group by
        actions.shop_id,
        actions.episode_id

),

described as (

    select
        summed_up.shop_id,
        summed_up.episode_id,
        summed_up.person_id,
        summed_up.cart_id,
        summed_up.order_id,
        summed_up.close_reason,
        case
            when summed_up.close_reason = 'ordered'
                then
                    case
                        when summed_up.same_cart_position >= summed_up.opened_position
                            then 'same_cart'
                        when summed_up.same_goods_position >= summed_up.opened_position
                            then 'same_goods'
                        else 'no_items'
                    end
            when summed_up.close_reason = 'emptied'
                then
                    case
                        when summed_up.closing_basis in ('disappeared', 'void_order')
                            then summed_up.closing_basis
                        else 'removed'
                    end
            when summed_up.close_reason = 'expired' then 'idle'
        end as close_basis,
        case summed_up.stage_no
            when 3 then 'payment'
            when 2 then 'checkout'
            else 'cart'
        end as stage,
        summed_up.device,
        last_activities.last_activity_precision,
        settings.currency,
        abandoned.abandoned_at is not null as is_abandoned,
        summed_up.close_reason is null and abandoned.abandoned_at is null as is_running,
        abandoned.abandonment_count,
        summed_up.activity_count,
        coalesce(valued.item_count, 0) as item_count,
        valued.value_amount,
        valued.value_now_amount,
        {{ value_band('valued.value_amount', 'settings.currency') }} as value_band,
        summed_up.opened_at,
        summed_up.opened_on,
        summed_up.identified_at,
        summed_up.last_activity_at,
        abandoned.abandoned_at,
        abandoned.last_abandoned_at,
        summed_up.closed_at
    from summed_up
    inner join settings
        on summed_up.shop_id = settings.shop_id
    inner join abandoned
        on
            summed_up.shop_id = abandoned.shop_id
            and summed_up.episode_id = abandoned.episode_id
    left join last_activities
        on
            summed_up.shop_id = last_activities.shop_id
            and summed_up.episode_id = last_activities.episode_id
    left join valued
        on
            summed_up.shop_id = valued.shop_id
            and summed_up.episode_id = valued.episode_id

),

dated as (

    select
        described.*,
        abandoned_days.day_on as abandoned_on,
        closed_days.day_on as closed_on
    from described
    left join shop_days as abandoned_days
        on
            described.shop_id = abandoned_days.shop_id
            and described.abandoned_at >= abandoned_days.starts_at
            and described.abandoned_at < abandoned_days.ends_at
    left join shop_days as closed_days
        on
            described.shop_id = closed_days.shop_id
            and described.closed_at >= closed_days.starts_at
            and described.closed_at < closed_days.ends_at

)

select * from dated
