with

mailed_carts as (

    select
        shop_id,
        cart_id,
        last_activity_on
    from {{ ref('stg_carts') }}
    where lower(source_mail_state) in ('sent', 'scheduled', 'mailed')

),

cart_actions as (

    select * from {{ ref('int_cart_actions__assigned') }}
    where action_kind in ('add', 'change', 'checkout', 'payment')

),

-- A cart seen under several ids is one cart.
mailed_episodes as (

    select
        cart_actions.shop_id,
        cart_actions.episode_id,
        max(cart_actions.person_id) as person_id,
        max(mailed_carts.last_activity_on) as mailed_on
    from cart_actions
    inner join mailed_carts
        on
            cart_actions.shop_id = mailed_carts.shop_id
            and cart_actions.cart_id = mailed_carts.cart_id
    group by
        cart_actions.shop_id,
        cart_actions.episode_id

)

select * from mailed_episodes
