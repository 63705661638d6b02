with

steps as (

    select
        cast(1 as bigint) as step_number,
        'cart' as step_key
    union all
    select
        2 as step_number,
        'checkout' as step_key
    union all
    select
        3 as step_number,
        'details' as step_key
    union all
    select
        4 as step_number,
        'payment' as step_key
    union all
    select
        5 as step_number,
        'ordered' as step_key

),

actions as (

    select * from {{ ref('int_cart_actions__assigned') }}

),

completed_steps as (

    select * from {{ ref('int_events__identified') }}
    where event_name = 'Checkout Step Completed'

),

placed as (

    select
        actions.shop_id,
        actions.episode_id,
        case
            when actions.is_close and actions.close_reason = 'ordered' then 5
            when actions.action_kind = 'payment' then 4
            when completed_steps.event_id is not null then 3
            when actions.action_kind = 'checkout' then 2
            else 1
        end as step_number,
        actions.acted_at
    from actions
    left join completed_steps
        on
            actions.shop_id = completed_steps.shop_id
            and actions.action_key = completed_steps.event_id

),

-- Who came as far as a step came through all before it, also where the source does not report them.
reached as (

    select
        placed.shop_id,
        placed.episode_id,
        steps.step_number,
        steps.step_key,
        min(placed.acted_at) as reached_at
    from placed
    inner join steps
        on placed.step_number >= steps.step_number
    group by
        placed.shop_id,
        placed.episode_id,
        steps.step_number,
        steps.step_key

)

select * from reached
