{# Long for what undoes a browse abandonment: a cart, an order, a day known by its date alone. #}

{#- Hours after the visit within which a cart or an order still belongs to it. -#}
{%- set quiet_hours = 24 -%}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

settings as (

    select * from {{ ref('int_run__settings') }}

),

sessions as (

    select * from {{ ref('int_sessions__built') }}

),

cart_actions as (

    select * from {{ ref('int_cart_actions__stacked') }}
    where person_id is not null

),

shop_days as (

    select * from {{ ref('stg_shop_days') }}

),

browsed as (

    select
        sessions.*,
        case
            when sessions.product_view_count >= settings.browse_min_views then 'browse'
            else 'favourite'
        end as abandonment_kind,
        {{ add_hours('sessions.ended_at', quiet_hours) }} as quiet_ends_at,
        as_of.as_of_at
    from sessions
    inner join as_of
        on sessions.shop_id = as_of.shop_id
    inner join settings
        on sessions.shop_id = settings.shop_id
    where
        sessions.product_view_count >= settings.browse_min_views
        or sessions.favourite_count > 0

),

-- Known by its date alone, an action may have happened at any hour of it.
spanned_actions as (

    select
        cart_actions.shop_id,
        cart_actions.person_id,
        case
            when cart_actions.acted_precision = 'day' then shop_days.starts_at
            else cart_actions.acted_at
        end as acted_from_at,
        case
            when cart_actions.acted_precision = 'day' then shop_days.ends_at
            else cart_actions.acted_at
        end as acted_until_at
    from cart_actions
    left join shop_days
        on
            cart_actions.shop_id = shop_days.shop_id
            and cart_actions.acted_on = shop_days.day_on

),

undone as (

    select distinct
        browsed.shop_id,
        browsed.session_id
    from browsed
    inner join spanned_actions
        on
            browsed.shop_id = spanned_actions.shop_id
            and browsed.person_id = spanned_actions.person_id
            and browsed.started_at <= spanned_actions.acted_until_at
            and browsed.quiet_ends_at > spanned_actions.acted_from_at

),

settled as (

    select
        browsed.shop_id,
        browsed.session_id,
        browsed.visitor_key,
        browsed.person_id,
        browsed.device,
        browsed.abandonment_kind,
        undone.session_id is null as is_abandoned,
        browsed.product_view_count,
        browsed.favourite_count,
        browsed.started_at,
        browsed.started_on,
        browsed.ended_at,
        browsed.identified_at,
        browsed.quiet_ends_at
    from browsed
    left join undone
        on
            browsed.shop_id = undone.shop_id
            and browsed.session_id = undone.session_id
    where browsed.quiet_ends_at <= browsed.as_of_at

)

select * from settled
