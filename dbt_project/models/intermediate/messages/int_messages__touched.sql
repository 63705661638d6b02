with

messages as (

    select * from {{ ref('int_messages__reported') }}
    where is_sent

),

mail_events as (

    select * from {{ ref('int_mail_events__classed') }}

),

events as (

    select * from {{ ref('int_events__identified') }}
    where export_token is not null

),

message_orders as (

    select * from {{ ref('int_recovery__message_orders') }}

),

clicks as (

    select
        messages.shop_id,
        messages.message_id,
        'click' as touch_kind,
        mail_events.occurred_at as touched_at
    from messages
    inner join mail_events
        on
            messages.shop_id = mail_events.shop_id
            and messages.message_id = mail_events.message_id
    where
        mail_events.event_type = 'click'
        and mail_events.event_class = 'human'
        and mail_events.occurred_at >= messages.sent_at
        and mail_events.occurred_at < messages.window_ends_at

),

visits as (

    select
        messages.shop_id,
        messages.message_id,
        'link' as touch_kind,
        events.occurred_at as touched_at
    from messages
    inner join events
        on
            messages.shop_id = events.shop_id
            and messages.recipient_token = events.export_token
    where
        events.occurred_at >= messages.sent_at
        and events.occurred_at < messages.window_ends_at

),

-- The order itself shows the link's token or the coupon that nobody else was given.
orders as (

    select
        shop_id,
        message_id,
        case when has_personal_coupon then 'coupon' else 'link' end as touch_kind,
        ordered_by_at as touched_at
    from message_orders
    where has_personal_coupon or has_link_token

),

touches as (

    select * from clicks
    union
    select * from visits
    union
    select * from orders

)

select * from touches
