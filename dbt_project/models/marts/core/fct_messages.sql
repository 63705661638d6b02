{# Long for every count of reactions, class by class. #}

with

messages as (

    select * from {{ ref('int_messages__reported') }}

),

mail_events as (

    select * from {{ ref('int_mail_events__classed') }}

),

touches as (

    select * from {{ ref('int_messages__touched') }}

),

-- Never past the window: a figure that has settled stays what it was.
reactions as (

    select
        messages.shop_id,
        messages.message_id,
        count(
            case
                when
                    mail_events.event_type in ('open', 'click')
                    and mail_events.event_class = 'human'
                    then 1
            end
        ) as human_count,
        count(
            case
                when
                    mail_events.event_type in ('open', 'click')
                    and mail_events.event_class in ('human', 'unknown')
                    then 1
            end
        ) as human_or_unknown_count,
        count(
            case
                when
                    mail_events.event_type = 'click'
                    and mail_events.event_class in ('human', 'unknown')
                    then 1
            end
        ) as human_or_unknown_click_count,
        count(
            case
                when
                    mail_events.event_type in ('open', 'click')
                    and mail_events.event_class = 'machine'
                    then 1
            end
        ) as machine_count
    from messages
    inner join mail_events
        on
            messages.shop_id = mail_events.shop_id
            and messages.message_id = mail_events.message_id
    where
        mail_events.occurred_at >= messages.sent_at
        and mail_events.occurred_at < messages.window_ends_at
    group by
        messages.shop_id,
        messages.message_id

),

first_touches as (

    select
        shop_id,
        message_id,
        min(touched_at) as touched_at
    from touches
    group by
        shop_id,
        message_id

),

-- A touched message counts as clicked, a clicked one as opened, an opened one as delivered.
described as (

    select
        messages.shop_id,
        messages.message_id,
        messages.export_batch_id,
        messages.person_id,
        messages.occurrence_key,
        messages.dedupe_key,
        messages.campaign_key,
        messages.campaign_version,
        messages.step_number,
        messages.arm_key,
        messages.channel,
        messages.destination,
        messages.sent_basis,
        messages.bounce_reason,
        messages.is_sent,
        messages.is_delivery_reported,
        messages.is_delivered or first_touches.message_id is not null as is_delivered,
        messages.is_bounced and first_touches.message_id is null as is_bounced,
        coalesce(reactions.human_count, 0) > 0 or first_touches.message_id is not null as is_opened,
        coalesce(reactions.human_or_unknown_count, 0) > 0
        or first_touches.message_id is not null as is_opened_or_unknown,
        first_touches.message_id is not null as is_clicked,
        coalesce(reactions.human_or_unknown_click_count, 0) > 0
        or first_touches.message_id is not null as is_clicked_or_unknown,
        coalesce(reactions.machine_count, 0) > 0 as has_machine_reaction,
        messages.unsubscribed_at is not null as is_unsubscribed,
        messages.complained_at is not null as is_complained,
        messages.is_mature,
        messages.due_at,
        messages.handed_over_at,
        messages.handed_over_on,
        messages.sent_at,
        messages.sent_on,
        {{ month_of('messages.sent_on') }} as sent_month,
        messages.delivered_at,
        first_touches.touched_at,
        messages.window_ends_at
    from messages
    left join reactions
        on
            messages.shop_id = reactions.shop_id
            and messages.message_id = reactions.message_id
    left join first_touches
        on
            messages.shop_id = first_touches.shop_id
            and messages.message_id = first_touches.message_id

)

select * from described
