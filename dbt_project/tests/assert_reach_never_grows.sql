-- A row is a stage of the reach that more carts passed than the stage before it.
with

reach as (

    select * from {{ ref('rpt_reach') }}

),

with_previous as (

    select
        *,
        lag(episode_count) over (
            partition by shop_id, period_key
            order by stage_order
        ) as previous_episode_count,
        lag(person_count) over (
            partition by shop_id, period_key
            order by stage_order
        ) as previous_person_count
    from reach

)

select *
from with_previous
where
    episode_count > previous_episode_count
    or person_count > previous_person_count
