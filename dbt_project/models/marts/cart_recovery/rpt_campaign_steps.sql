{# Long for its two grains, from messages and from a mailer's own totals, in one contract. #}

with

settings as (

    select * from {{ ref('int_run__settings') }}

),

step_rows as (

    select * from {{ ref('int_recovery__step_rows') }}

),

messages as (

    select * from {{ ref('fct_messages') }}

),

spending as (

    select * from {{ ref('int_recovery__step_spending') }}

),

shop_orders as (

    select * from {{ ref('int_recovery__period_orders') }}

),

report_totals as (

    select * from {{ ref('int_recovery__reported_totals') }}

),

campaigns as (

    select * from {{ ref('stg_campaigns') }}

),

-- Of a version the shop file no longer holds, and of a mailer's totals, which name none.
campaign_segments as (

    select
        shop_id,
        campaign_key,
        max(segment_key) as segment_key,
        case when min(channel) = max(channel) then min(channel) end as channel
    from campaigns
    group by
        shop_id,
        campaign_key

),

message_counts as (

    select
        step_rows.shop_id,
        step_rows.period_key,
        step_rows.campaign_key,
        step_rows.campaign_version,
        step_rows.step_number,
        step_rows.arm_key,
        step_rows.is_mature,
        case
            when min(messages.channel) = max(messages.channel) then min(messages.channel)
            else 'mixed'
        end as channel,
        case
            when min(messages.sent_basis) = max(messages.sent_basis) then min(messages.sent_basis)
            else 'mixed'
        end as sent_basis,
        count(case when messages.is_sent then 1 end) as sent_count,
        case
            when max(case when messages.is_delivery_reported then 1 else 0 end) = 1
                then count(case when messages.is_sent and messages.is_delivered then 1 end)
        end as delivered_count,
        count(case when messages.is_bounced then 1 end) as bounced_count,
        count(case when messages.is_sent and messages.is_opened then 1 end) as opener_count,
        count(case when messages.is_sent and messages.is_opened_or_unknown then 1 end)
            as opener_with_unknown_count,
        count(case when messages.is_sent and messages.is_clicked then 1 end) as clicker_count,
        count(case when messages.is_sent and messages.is_clicked_or_unknown then 1 end)
            as clicker_with_unknown_count,
        count(case when messages.is_unsubscribed then 1 end) as unsubscribe_count,
        count(case when messages.is_complained then 1 end) as complaint_count
    from step_rows
    inner join messages
        on
            step_rows.shop_id = messages.shop_id
            and step_rows.message_id = messages.message_id
    group by
        step_rows.shop_id,
        step_rows.period_key,
        step_rows.campaign_key,
        step_rows.campaign_version,
        step_rows.step_number,
        step_rows.arm_key,
        step_rows.is_mature

),

from_messages as (

    select
        message_counts.shop_id,
        message_counts.period_key,
        message_counts.campaign_key,
        message_counts.campaign_version,
        message_counts.step_number,
        message_counts.arm_key,
        message_counts.is_mature,
        'message' as report_grain,
        message_counts.channel,
        message_counts.sent_basis,
        message_counts.sent_count,
        message_counts.delivered_count,
        message_counts.bounced_count,
        message_counts.opener_count,
        message_counts.opener_with_unknown_count,
        message_counts.clicker_count,
        message_counts.clicker_with_unknown_count,
        coalesce(spending.orderer_count, 0) as orderer_count,
        coalesce(spending.orderer_with_unknown_count, 0) as orderer_with_unknown_count,
        coalesce(spending.order_count, 0) as order_count,
        -- Orders without a known amount leave it unknown; without orders it is 0.
        case
            when coalesce(spending.order_count, 0) = 0 then cast(0 as decimal(18, 4))
            else spending.recovered_amount
        end as recovered_amount,
        case
            when spending.orderer_with_unknown_count is null then cast(0 as decimal(18, 4))
            else spending.recovered_with_unknown_amount
        end as recovered_with_unknown_amount,
        spending.median_spend_amount,
        spending.spend_without_outliers_amount,
        spending.top_order_share,
        message_counts.unsubscribe_count,
        message_counts.complaint_count
    from message_counts
    left join spending
        on
            message_counts.shop_id = spending.shop_id
            and message_counts.period_key = spending.period_key
            and message_counts.campaign_key = spending.campaign_key
            and message_counts.campaign_version = spending.campaign_version
            and message_counts.step_number = spending.step_number
            and message_counts.arm_key = spending.arm_key
            and message_counts.is_mature = spending.is_mature

),

from_totals as (

    select
        report_totals.shop_id,
        report_totals.period_key,
        report_totals.campaign_key,
        cast(0 as bigint) as campaign_version,
        report_totals.step_number,
        'all' as arm_key,
        report_totals.is_mature,
        'totals' as report_grain,
        campaign_segments.channel,
        'mailer' as sent_basis,
        report_totals.sent_count,
        report_totals.delivered_count,
        report_totals.bounced_count,
        report_totals.opener_count,
        cast(null as bigint) as opener_with_unknown_count,
        report_totals.clicker_count,
        cast(null as bigint) as clicker_with_unknown_count,
        report_totals.orderer_count,
        cast(null as bigint) as orderer_with_unknown_count,
        report_totals.order_count,
        report_totals.recovered_amount,
        cast(null as decimal(18, 4)) as recovered_with_unknown_amount,
        cast(null as double) as median_spend_amount,
        cast(null as double) as spend_without_outliers_amount,
        cast(null as double) as top_order_share,
        report_totals.unsubscribe_count,
        report_totals.complaint_count
    from report_totals
    left join campaign_segments
        on
            report_totals.shop_id = campaign_segments.shop_id
            and report_totals.campaign_key = campaign_segments.campaign_key

),

stacked as (

    select * from from_messages
    union all
    select * from from_totals

),

rated as (

    select
        stacked.shop_id,
        stacked.period_key,
        stacked.campaign_key,
        cast(stacked.campaign_version as bigint) as campaign_version,
        stacked.step_number,
        stacked.arm_key,
        coalesce(campaigns.segment_key, campaign_segments.segment_key) as segment_key,
        stacked.channel,
        stacked.report_grain,
        stacked.sent_basis,
        settings.currency,
        stacked.is_mature,
        stacked.sent_count,
        stacked.delivered_count,
        stacked.bounced_count,
        stacked.opener_count,
        stacked.opener_with_unknown_count,
        stacked.clicker_count,
        stacked.clicker_with_unknown_count,
        stacked.orderer_count,
        stacked.orderer_with_unknown_count,
        stacked.order_count,
        cast(stacked.recovered_amount as decimal(18, 4)) as recovered_amount,
        cast(stacked.recovered_with_unknown_amount as decimal(18, 4))
            as recovered_with_unknown_amount,
        stacked.unsubscribe_count,
        stacked.complaint_count,
        cast(stacked.opener_count as double) / nullif(stacked.sent_count, 0) as open_rate,
        cast(stacked.opener_count as double) / nullif(stacked.delivered_count, 0)
            as open_per_delivered_rate,
        cast(stacked.clicker_count as double) / nullif(stacked.opener_count, 0)
            as click_to_open_rate,
        cast(stacked.clicker_count as double) / nullif(stacked.sent_count, 0)
            as click_through_rate,
        cast(stacked.orderer_count as double) / nullif(stacked.clicker_count, 0) as order_rate,
        cast(stacked.orderer_count as double) / nullif(stacked.sent_count, 0)
            as order_per_sent_rate,
        cast(stacked.unsubscribe_count as double) / nullif(stacked.sent_count, 0)
            as unsubscribe_rate,
        cast(stacked.complaint_count as double) / nullif(stacked.sent_count, 0)
            as complaint_rate,
        cast(stacked.recovered_amount as double) / nullif(stacked.orderer_count, 0)
            as spend_per_orderer_amount,
        stacked.median_spend_amount,
        stacked.spend_without_outliers_amount,
        stacked.top_order_share,
        shop_orders.shop_aov_amount
    from stacked
    inner join settings
        on stacked.shop_id = settings.shop_id
    left join campaigns
        on
            stacked.shop_id = campaigns.shop_id
            and stacked.campaign_key = campaigns.campaign_key
            and stacked.campaign_version = campaigns.campaign_version
    left join campaign_segments
        on
            stacked.shop_id = campaign_segments.shop_id
            and stacked.campaign_key = campaign_segments.campaign_key
    left join shop_orders
        on
            stacked.shop_id = shop_orders.shop_id
            and stacked.period_key = shop_orders.period_key

)

select * from rated
