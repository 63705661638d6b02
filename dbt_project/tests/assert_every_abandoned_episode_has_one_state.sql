-- A row is a shop, month and dimension in which the abandoned episodes, their outcomes and the
-- waterfall differ: a cart would be lost from the first thing the cart page shows, or stand there twice.
with

episodes as (

    select
        shop_id,
        abandoned_month,
        count(*) as episode_count
    from {{ ref('fct_cart_episodes') }}
    where is_abandoned
    group by
        shop_id,
        abandoned_month

),

outcomes as (

    select
        shop_id,
        abandoned_month,
        count(distinct episode_id) as outcome_count
    from {{ ref('fct_recovery_outcomes') }}
    where terminal_state is not null
    group by
        shop_id,
        abandoned_month

),

waterfall as (

    select
        shop_id,
        period_key,
        dimension,
        sum(episode_count) as state_count
    from {{ ref('rpt_recovery_waterfall') }}
    where campaign_key = 'all'
    group by
        shop_id,
        period_key,
        dimension

),

compared as (

    select
        coalesce(episodes.shop_id, outcomes.shop_id) as shop_id,
        coalesce(episodes.abandoned_month, outcomes.abandoned_month) as abandoned_month,
        episodes.episode_count,
        outcomes.outcome_count,
        waterfall.dimension,
        waterfall.state_count
    from episodes
    full outer join outcomes
        on
            episodes.shop_id = outcomes.shop_id
            and episodes.abandoned_month = outcomes.abandoned_month
    left join waterfall
        on
            episodes.shop_id = waterfall.shop_id
            and substr(cast(episodes.abandoned_month as string), 1, 7) = waterfall.period_key

)

select *
from compared
where not coalesce(
    episode_count = outcome_count
    and episode_count = state_count,
    false
)
