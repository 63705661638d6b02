-- Fails if what stands in one month each, messages by sending and carts by opening or abandonment, adds
-- up over the months to something else than the period of all time says.
with

counted as (

    select
        shop_id,
        period_key,
        'messages' as counted_thing,
        sum(sent_count) as thing_count
    from {{ ref('rpt_campaign_steps') }}
    where
        report_grain = 'message'
        and step_number = 0
        and arm_key = 'all'
    group by
        shop_id,
        period_key

    union all

    select
        shop_id,
        period_key,
        'opened_carts' as counted_thing,
        sum(opened_count) as thing_count
    from {{ ref('rpt_cart_abandonment') }}
    where dimension = 'all'
    group by
        shop_id,
        period_key

    union all

    select
        shop_id,
        period_key,
        'carts_with_an_end' as counted_thing,
        sum(episode_count) as thing_count
    from {{ ref('rpt_recovery_waterfall') }}
    where
        campaign_key = 'all'
        and dimension = 'all'
    group by
        shop_id,
        period_key

    union all

    select
        shop_id,
        period_key,
        'carts_reached' as counted_thing,
        sum(episode_count) as thing_count
    from {{ ref('rpt_reach') }}
    group by
        shop_id,
        period_key

    union all

    select
        shop_id,
        period_key,
        'goods_left_behind' as counted_thing,
        sum(quantity) as thing_count
    from {{ ref('rpt_cart_products') }}
    group by
        shop_id,
        period_key

),

periods as (

    select * from {{ ref('int_run__periods') }}

),

compared as (

    select
        counted.shop_id,
        counted.counted_thing,
        coalesce(sum(case when periods.period_kind = 'month' then counted.thing_count end), 0)
            as count_of_months,
        coalesce(sum(case when periods.period_kind = 'all' then counted.thing_count end), 0)
            as count_of_all
    from counted
    inner join periods
        on
            counted.shop_id = periods.shop_id
            and counted.period_key = periods.period_key
    group by
        counted.shop_id,
        counted.counted_thing

)

select *
from compared
where count_of_months <> count_of_all
