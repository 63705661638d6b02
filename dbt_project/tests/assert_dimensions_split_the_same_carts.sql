-- Fails if carts split by member, device, value or hour are not as many, and worth as much, as all of
-- them, or if reach does not begin with the abandoned carts of the waterfall.
with

split_carts as (

    select
        shop_id,
        period_key,
        dimension,
        sum(opened_count) as first_count,
        sum(abandoned_count) as second_count,
        sum(abandoned_value_amount) as value_amount,
        'abandonment' as split_table
    from {{ ref('rpt_cart_abandonment') }}
    group by
        shop_id,
        period_key,
        dimension

    union all

    select
        shop_id,
        period_key,
        dimension,
        sum(episode_count) as first_count,
        sum(ordered_episode_count) as second_count,
        sum(value_amount) as value_amount,
        'waterfall' as split_table
    from {{ ref('rpt_recovery_waterfall') }}
    where campaign_key = 'all'
    group by
        shop_id,
        period_key,
        dimension

),

wholes as (

    select * from split_carts
    where dimension = 'all'

),

reach as (

    select
        shop_id,
        period_key,
        'reach' as dimension,
        episode_count as first_count,
        cast(null as bigint) as second_count,
        cast(null as decimal(18, 4)) as value_amount,
        'waterfall' as split_table
    from {{ ref('rpt_reach') }}
    where
        reach_stage = 'abandoned'
        and episode_count > 0

),

parts as (

    select * from split_carts
    union all
    select * from reach

)

select
    parts.*,
    wholes.first_count as whole_first_count,
    wholes.second_count as whole_second_count,
    wholes.value_amount as whole_value_amount
from parts
left join wholes
    on
        parts.shop_id = wholes.shop_id
        and parts.period_key = wholes.period_key
        and parts.split_table = wholes.split_table
where
    not coalesce(parts.first_count = wholes.first_count, false)
    or coalesce(parts.second_count <> wholes.second_count, false)
    or coalesce(parts.value_amount <> wholes.value_amount, false)
