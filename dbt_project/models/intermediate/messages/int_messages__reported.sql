{# Long for everything a mailer may report of a message, in one row. #}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

settings as (

    select * from {{ ref('int_run__settings') }}

),

campaigns as (

    select * from {{ ref('stg_campaigns') }}

),

messages as (

    select * from {{ ref('int_messages__handed_over') }}

),

mail_events as (

    select * from {{ ref('int_mail_events__classed') }}
    where message_id is not null

),

summed_up as (

    select
        shop_id,
        message_id,
        min(case when event_type = 'sent' then occurred_at end) as mailer_sent_at,
        min(case when event_type = 'delivered' then occurred_at end) as delivered_at,
        min(
            case
                when event_type in ('hard_bounce', 'soft_bounce', 'block', 'dropped') then occurred_at
            end
        ) as bounced_at,
        max(
            case event_type
                when 'hard_bounce' then '4hard_bounce'
                when 'block' then '3block'
                when 'dropped' then '2dropped'
                when 'soft_bounce' then '1soft_bounce'
            end
        ) as worst_bounce,
        min(case when event_type = 'unsubscribe' then occurred_at end) as unsubscribed_at,
        min(case when event_type = 'complaint' then occurred_at end) as complained_at,
        min(case when event_type in ('open', 'click') then occurred_at end) as first_reaction_at
    from mail_events
    group by
        shop_id,
        message_id

),

-- A mailer that reports sending or delivery for one message of a batch does so for all of them.
batch_reports as (

    select
        messages.shop_id,
        messages.export_batch_id,
        count(summed_up.mailer_sent_at) > 0 as has_sent_events,
        count(summed_up.delivered_at) > 0 as has_delivered_events
    from messages
    left join summed_up
        on
            messages.shop_id = summed_up.shop_id
            and messages.message_id = summed_up.message_id
    group by
        messages.shop_id,
        messages.export_batch_id

),

timed as (

    select
        messages.*,
        coalesce(summed_up.mailer_sent_at, messages.handed_over_at) as sent_at,
        case when batch_reports.has_sent_events then 'mailer' else 'handoff' end as sent_basis,
        batch_reports.has_delivered_events as is_delivery_reported,
        not batch_reports.has_sent_events
        or coalesce(
            summed_up.mailer_sent_at, summed_up.delivered_at, summed_up.first_reaction_at
        ) is not null as is_sent,
        coalesce(summed_up.delivered_at, summed_up.first_reaction_at) is not null as is_delivered,
        summed_up.bounced_at is not null
        and coalesce(summed_up.delivered_at, summed_up.first_reaction_at) is null as is_bounced,
        substr(summed_up.worst_bounce, 2) as bounce_reason,
        summed_up.delivered_at,
        summed_up.unsubscribed_at,
        summed_up.complained_at,
        -- Mail is read for days, the short channels are read at once or never.
        case
            when messages.channel in ('email', 'post')
                then coalesce(campaigns.recovery_window_days, settings.recovery_window_days)
            else 1
        end as window_days,
        as_of.as_of_at
    from messages
    inner join as_of
        on messages.shop_id = as_of.shop_id
    inner join settings
        on messages.shop_id = settings.shop_id
    inner join batch_reports
        on
            messages.shop_id = batch_reports.shop_id
            and messages.export_batch_id = batch_reports.export_batch_id
    left join summed_up
        on
            messages.shop_id = summed_up.shop_id
            and messages.message_id = summed_up.message_id
    left join campaigns
        on
            messages.shop_id = campaigns.shop_id
            and messages.campaign_key = campaigns.campaign_key
            and messages.campaign_version = campaigns.campaign_version

),

windowed as (

    select
        *,
        {{ add_days('sent_at', 'window_days') }} as window_ends_at
    from timed

),

shop_days as (

    select * from {{ ref('stg_shop_days') }}

),

dated as (

    select
        windowed.*,
        shop_days.day_on as sent_on,
        windowed.window_ends_at <= windowed.as_of_at as is_mature
    from windowed
    left join shop_days
        on
            windowed.shop_id = shop_days.shop_id
            and windowed.sent_at >= shop_days.starts_at
            and windowed.sent_at < shop_days.ends_at

)

select * from dated
