-- A row is a cart episode that opened while another of the same person was open: carts open at once
-- are one cart.
with

episodes as (

    select * from {{ ref('fct_cart_episodes') }}
    where person_id is not null

),

with_previous as (

    select
        *,
        lag(episode_id) over (
            partition by shop_id, person_id
            order by
                opened_at,
                closed_at nulls last,
                episode_id
        ) as previous_episode_id,
        lag(closed_at) over (
            partition by shop_id, person_id
            order by
                opened_at,
                closed_at nulls last,
                episode_id
        ) as previous_closed_at
    from episodes

)

select *
from with_previous
where
    previous_episode_id is not null
    and not coalesce(previous_closed_at <= opened_at, false)
