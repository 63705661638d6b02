with

episodes as (

    select * from {{ ref('int_cart_episodes') }}

),

shop_days as (

    select * from {{ ref('stg_shop_days') }}

),

members as (

    select * from {{ ref('int_persons__described') }}
    where is_member

),

described as (

    select
        episodes.shop_id,
        episodes.episode_id,
        episodes.person_id,
        episodes.cart_id,
        episodes.order_id,
        episodes.close_reason,
        episodes.close_basis,
        episodes.stage,
        coalesce(episodes.device, 'unknown') as device,
        episodes.value_band,
        episodes.last_activity_precision,
        episodes.currency,
        members.person_id is not null as is_member,
        episodes.identified_at is not null as is_identified,
        episodes.is_abandoned,
        episodes.is_running,
        episodes.abandonment_count,
        episodes.activity_count,
        episodes.item_count,
        episodes.value_amount,
        episodes.value_now_amount,
        episodes.opened_at,
        episodes.opened_on,
        {{ month_of('episodes.opened_on') }} as opened_month,
        -- Monday is 1; 1 January 2024 was one.
        ({{ days_between("cast('2024-01-01' as date)", 'episodes.opened_on') }} % 7 + 7) % 7 + 1
            as opened_weekday,
        -- Hours since the day began: one off after the change on the two days clocks change.
        least(
            cast(floor({{ minutes_between('shop_days.starts_at', 'episodes.opened_at') }} / 60) as bigint),
            23
        )
            as opened_hour,
        episodes.last_activity_at,
        episodes.abandoned_at,
        episodes.abandoned_on,
        {{ month_of('episodes.abandoned_on') }} as abandoned_month,
        episodes.last_abandoned_at,
        episodes.closed_at,
        episodes.closed_on
    from episodes
    left join shop_days
        on
            episodes.shop_id = shop_days.shop_id
            and episodes.opened_on = shop_days.day_on
    left join members
        on
            episodes.shop_id = members.shop_id
            and episodes.person_id = members.person_id

)

select * from described
