-- Fails if the total row over steps or over arms is not the sum of its rows in something a message or
-- an order has once, or if its orderers are fewer than those of one row or more than all together: a
-- person counts once in the total.
{%- set counts = [
    'sent_count', 'bounced_count', 'opener_count', 'clicker_count', 'order_count',
    'recovered_amount', 'unsubscribe_count', 'complaint_count',
] %}

with

reported as (

    select *
    from {{ ref('rpt_campaign_steps') }}
    where report_grain = 'message'

),

totals as (

    select
        *,
        'steps' as total_of
    from reported
    where step_number = 0

    union all

    select
        *,
        'arms' as total_of
    from reported
    where arm_key = 'all'

),

parts as (

    select
        *,
        'steps' as total_of,
        0 as total_step_number,
        arm_key as total_arm_key
    from reported
    where step_number > 0

    union all

    select
        *,
        'arms' as total_of,
        step_number as total_step_number,
        'all' as total_arm_key
    from reported
    -- Who is in no arm counts in the total all the same.
    where arm_key is null or arm_key <> 'all'

),

summed_up as (

    select
        shop_id,
        period_key,
        campaign_key,
        campaign_version,
        is_mature,
        total_of,
        total_step_number,
        total_arm_key,
        {%- for column in counts %}
        sum({{ column }}) as {{ column }},
        {%- endfor %}
        max(orderer_count) as least_orderer_count,
        sum(orderer_count) as most_orderer_count
    from parts
    group by
        shop_id,
        period_key,
        campaign_key,
        campaign_version,
        is_mature,
        total_of,
        total_step_number,
        total_arm_key

)

select
    totals.*,
    summed_up.least_orderer_count,
    summed_up.most_orderer_count
from totals
left join summed_up
    on
        totals.shop_id = summed_up.shop_id
        and totals.period_key = summed_up.period_key
        and totals.campaign_key = summed_up.campaign_key
        and totals.campaign_version = summed_up.campaign_version
        and totals.is_mature = summed_up.is_mature
        and totals.total_of = summed_up.total_of
        and totals.step_number = summed_up.total_step_number
        and coalesce(totals.arm_key, '') = coalesce(summed_up.total_arm_key, '')
where
    not coalesce(
        totals.orderer_count between summed_up.least_orderer_count and summed_up.most_orderer_count,
        false
    )
    {%- for column in counts %}
    or coalesce(totals.{{ column }}, 0) <> coalesce(summed_up.{{ column }}, 0)
    {%- endfor %}
