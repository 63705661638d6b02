with

settings as (

    select * from {{ ref('int_run__settings') }}

),

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

actions as (

    select * from {{ ref('int_cart_actions__assigned') }}
    where is_cart_activity

),

followed as (

    select
        actions.shop_id,
        actions.episode_id,
        actions.position,
        actions.is_close,
        actions.acted_at,
        {{ add_minutes('actions.acted_at', 'settings.cart_idle_minutes') }} as idle_at,
        lead(actions.acted_at) over (
            partition by actions.shop_id, actions.episode_id
            order by actions.position
        ) as next_activity_at,
        actions.closed_at,
        as_of.as_of_at
    from actions
    inner join settings
        on actions.shop_id = settings.shop_id
    inner join as_of
        on actions.shop_id = as_of.shop_id

),

-- Left alone until the next activity, else until the close, else until now.
spaced as (

    select
        shop_id,
        episode_id,
        position,
        is_close,
        not is_close
        and idle_at <= coalesce(next_activity_at, closed_at, as_of_at) as is_abandonment,
        acted_at,
        idle_at
    from followed

)

select * from spaced
