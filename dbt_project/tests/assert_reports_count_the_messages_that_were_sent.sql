-- Fails if a report of all time has more or fewer messages, readers or clickers of a campaign than
-- there are messages: the table of steps, and each rule with what has not settled yet.
with

messages as (

    select
        shop_id,
        campaign_key,
        count(*) as sent_count,
        count(case when is_opened then 1 end) as opener_count,
        count(case when is_clicked then 1 end) as clicker_count
    from {{ ref('fct_messages') }}
    where is_sent
    group by
        shop_id,
        campaign_key

),

reported as (

    select
        shop_id,
        campaign_key,
        'steps' as reported_by,
        sum(sent_count) as sent_count,
        sum(opener_count) as opener_count,
        sum(clicker_count) as clicker_count
    from {{ ref('rpt_campaign_steps') }}
    where
        report_grain = 'message'
        and period_key = 'all'
        and step_number = 0
        and arm_key = 'all'
    group by
        shop_id,
        campaign_key

    union all

    -- The seventh rule is estimated from persons, not counted from messages.
    select
        shop_id,
        campaign_key,
        rule_key as reported_by,
        message_count + immature_count as sent_count,
        cast(null as bigint) as opener_count,
        cast(null as bigint) as clicker_count
    from {{ ref('rpt_recovery_rules') }}
    where
        period_key = 'all'
        and campaign_key <> 'all'
        and rule_number < 7

)

select
    reported.*,
    messages.sent_count as message_sent_count,
    messages.opener_count as message_opener_count,
    messages.clicker_count as message_clicker_count
from reported
left join messages
    on
        reported.shop_id = messages.shop_id
        and reported.campaign_key = messages.campaign_key
where
    reported.sent_count <> coalesce(messages.sent_count, 0)
    or coalesce(reported.opener_count <> messages.opener_count, false)
    or coalesce(reported.clicker_count <> messages.clicker_count, false)
