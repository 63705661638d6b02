-- Fails if a report of all time has more or fewer messages, readers or clickers of a campaign than
-- there are messages: the table of steps, which must hold every campaign, and each rule with what has
-- not settled yet.
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

),

-- A campaign of no row of the table has 0 there.
compared as (

    select * from reported

    union all

    select
        messages.shop_id,
        messages.campaign_key,
        'none' as reported_by,
        0 as sent_count,
        0 as opener_count,
        0 as clicker_count
    from messages
    left join reported
        on
            messages.shop_id = reported.shop_id
            and messages.campaign_key = reported.campaign_key
            and reported.reported_by = 'steps'
    where reported.shop_id is null

)

select
    compared.*,
    messages.sent_count as message_sent_count,
    messages.opener_count as message_opener_count,
    messages.clicker_count as message_clicker_count
from compared
left join messages
    on
        compared.shop_id = messages.shop_id
        and compared.campaign_key = messages.campaign_key
where
    compared.sent_count <> coalesce(messages.sent_count, 0)
    or coalesce(compared.opener_count <> messages.opener_count, false)
    or coalesce(compared.clicker_count <> messages.clicker_count, false)
