with

actions as (

    select * from {{ ref('int_cart_actions__numbered') }}

),

episodes as (

    select * from {{ ref('int_cart_episodes__cut') }}

),

openings as (

    select
        episodes.shop_id,
        episodes.actor_key,
        episodes.block_no,
        episodes.opened_position,
        episodes.closed_position,
        episodes.close_reason,
        episodes.last_activity_at,
        episodes.closed_at,
        {{ hash_key(['episodes.shop_id', 'actions.action_key']) }} as episode_id
    from episodes
    inner join actions
        on
            episodes.shop_id = actions.shop_id
            and episodes.actor_key = actions.actor_key
            and episodes.opened_position = actions.position

),

inside as (

    select
        openings.episode_id,
        openings.close_reason,
        openings.closed_position,
        openings.last_activity_at,
        openings.closed_at,
        actions.*
    from openings
    inner join actions
        on
            openings.shop_id = actions.shop_id
            and openings.actor_key = actions.actor_key
            and openings.block_no = actions.block_no
            and openings.opened_position <= actions.position
            and (
                openings.closed_position is null
                or openings.closed_position > actions.position
                or (
                    openings.closed_position = actions.position
                    and openings.close_reason <> 'expired'
                )
            )

),

{{ cart_holdings('inside', 'shop_id, episode_id') }},

assigned as (

    select
        shop_id,
        episode_id,
        action_key,
        person_id,
        cart_id,
        checkout_id,
        order_id,
        item_key,
        product_id,
        variant_id,
        sku,
        device,
        action_kind,
        action_basis,
        acted_precision,
        close_reason,
        is_cart_activity,
        coalesce(position = closed_position, false) as is_close,
        position,
        same_cart_position,
        same_goods_position,
        held_quantity,
        unit_amount,
        acted_at,
        acted_on,
        identified_at,
        last_activity_at,
        closed_at
    from held

)

select * from assigned
