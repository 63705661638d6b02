with

browsed as (

    select * from {{ ref('int_sessions__browsed') }}
    where is_abandoned

),

settings as (

    select * from {{ ref('int_run__settings') }}

),

orders as (

    select * from {{ ref('int_recovery__orders') }}

),

with_window as (

    select
        browsed.*,
        {{ add_days('browsed.ended_at', 'settings.recovery_window_days') }} as window_ends_at
    from browsed
    inner join settings
        on browsed.shop_id = settings.shop_id

),

ordered_since as (

    select distinct
        with_window.shop_id,
        with_window.session_id
    from with_window
    inner join orders
        on
            with_window.shop_id = orders.shop_id
            and with_window.person_id = orders.person_id
            and with_window.ended_at <= orders.ordered_by_at
            and with_window.window_ends_at > orders.ordered_by_at

),

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

described as (

    select
        with_window.shop_id,
        with_window.session_id,
        with_window.person_id,
        with_window.abandonment_kind,
        coalesce(with_window.device, 'unknown') as device,
        with_window.identified_at is not null as is_identified,
        ordered_since.session_id is not null as has_ordered_in_window,
        with_window.window_ends_at <= as_of.as_of_at as is_mature,
        with_window.product_view_count,
        with_window.favourite_count,
        with_window.started_at,
        with_window.started_on,
        {{ month_of('with_window.started_on') }} as started_month,
        with_window.ended_at,
        with_window.quiet_ends_at as abandoned_at
    from with_window
    inner join as_of
        on with_window.shop_id = as_of.shop_id
    left join ordered_since
        on
            with_window.shop_id = ordered_since.shop_id
            and with_window.session_id = ordered_since.session_id

)

select * from described
