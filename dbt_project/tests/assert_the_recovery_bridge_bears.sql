-- A row is a period whose bridge does not lead from the carts' month to the mails' month to the orders'
-- month, or whose middle line is not the recovery table's total: one of the three would be wrong.
with

lines as (

    select
        shop_id,
        period_key,
        campaign_key,
        sum(case when line_number <= 3 then order_count else 0 end) as sent_from_abandoned,
        sum(case when line_number = 4 then order_count else 0 end) as sent_count,
        sum(case when line_number between 4 and 6 then order_count else 0 end) as ordered_from_sent,
        sum(case when line_number = 7 then order_count else 0 end) as ordered_count,
        sum(case when line_number <= 3 then recovered_amount else 0 end) as amount_from_abandoned,
        sum(case when line_number = 4 then recovered_amount else 0 end) as sent_amount,
        sum(case when line_number between 4 and 6 then recovered_amount else 0 end)
            as amount_from_sent,
        sum(case when line_number = 7 then recovered_amount else 0 end) as ordered_amount
    from {{ ref('rpt_recovery_bridge') }}
    group by
        shop_id,
        period_key,
        campaign_key

),

reported as (

    select
        shop_id,
        period_key,
        campaign_key,
        sum(order_count) as order_count,
        sum(recovered_amount) as recovered_amount
    from {{ ref('rpt_recovery_steps') }}
    where
        report_grain = 'message'
        and step_number = 0
        and arm_key = 'all'
    group by
        shop_id,
        period_key,
        campaign_key

)

select
    lines.*,
    reported.order_count as reported_count,
    reported.recovered_amount as reported_amount
from lines
left join reported
    on
        lines.shop_id = reported.shop_id
        and lines.period_key = reported.period_key
        and lines.campaign_key = reported.campaign_key
where
    lines.sent_from_abandoned <> lines.sent_count
    or lines.ordered_from_sent <> lines.ordered_count
    or lines.amount_from_abandoned <> lines.sent_amount
    or lines.amount_from_sent <> lines.ordered_amount
    or (
        lines.campaign_key <> 'all'
        and (
            lines.sent_count <> coalesce(reported.order_count, 0)
            or lines.sent_amount <> coalesce(reported.recovered_amount, 0)
        )
    )
