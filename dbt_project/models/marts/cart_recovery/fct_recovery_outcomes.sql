with

outcomes as (

    select * from {{ ref('int_recovery__outcomes') }}

),

chosen as (

    select
        shop_id,
        episode_id,
        person_id,
        campaign_key,
        campaign_version,
        arm_key,
        terminal_state,
        terminal_reason,
        cast(terminal_step as bigint) as terminal_step,
        credited_order_id,
        currency,
        is_identified,
        has_address,
        has_consent,
        is_reachable,
        is_handed_over,
        is_delivered,
        has_order_after,
        has_order_same_goods,
        has_order_via_link,
        has_ordered_in_window,
        is_mature,
        value_amount,
        recovered_amount,
        abandoned_at,
        abandoned_on,
        abandoned_month,
        eligible_at,
        handed_over_at
    from outcomes

)

select * from chosen
