-- A row is a shop whose recovered orders are counted more than once, or whose report of all time does
-- not add up to them: money credited to two messages would be earned twice.
with

credited as (

    select * from {{ ref('int_recovery__credited') }}
    where is_recovered

),

step_rows as (

    select * from {{ ref('int_recovery__step_rows') }}
    where
        period_key = 'all'
        and step_number = 0
        and arm_key = 'all'

),

reported as (

    select
        shop_id,
        sum(order_count) as order_count,
        coalesce(sum(recovered_amount), 0) as recovered_amount
    from {{ ref('rpt_campaign_steps') }}
    where
        report_grain = 'message'
        and period_key = 'all'
        and step_number = 0
        and arm_key = 'all'
    group by shop_id

),

expected as (

    select
        credited.shop_id,
        count(*) as order_count,
        count(distinct credited.order_id) as distinct_order_count,
        coalesce(sum(credited.revenue_amount), 0) as recovered_amount
    from credited
    inner join step_rows
        on
            credited.shop_id = step_rows.shop_id
            and credited.message_id = step_rows.message_id
    group by credited.shop_id

)

select
    expected.shop_id,
    expected.order_count,
    expected.distinct_order_count,
    reported.order_count as reported_order_count,
    expected.recovered_amount,
    reported.recovered_amount as reported_amount
from expected
left join reported
    on expected.shop_id = reported.shop_id
where not coalesce(
    expected.order_count = expected.distinct_order_count
    and expected.order_count = reported.order_count
    and expected.recovered_amount = reported.recovered_amount,
    false
)
