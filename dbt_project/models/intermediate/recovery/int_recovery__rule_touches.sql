{# Long for the four signs of a reader: open, click, visit by the link, order with its token. #}

{#- Published rules look at touches of the first week. -#}
{%- set touch_days = 7 -%}

with

campaigns as (

    select * from {{ ref('stg_campaigns') }}
    where segment_key = 'cart_recovery'

),

messages as (

    select * from {{ ref('int_messages__reported') }}
    where is_sent

),

mail_events as (

    select * from {{ ref('int_mail_events__classed') }}
    where
        event_type in ('open', 'click')
        and event_class = 'human'

),

events as (

    select * from {{ ref('int_events__identified') }}
    where export_token is not null

),

sessions as (

    select * from {{ ref('int_sessions__built') }}
    where entry_token is not null

),

orders as (

    select * from {{ ref('int_recovery__orders') }}
    where export_token is not null

),

of_cart_campaigns as (

    select
        messages.*,
        {{ add_days('messages.sent_at', touch_days) }} as touch_ends_at
    from messages
    inner join campaigns
        on
            messages.shop_id = campaigns.shop_id
            and messages.campaign_key = campaigns.campaign_key
            and messages.campaign_version = campaigns.campaign_version

),

-- A visit by the link begins and ends; a click and an open are one instant.
touches as (

    select
        of_cart_campaigns.shop_id,
        of_cart_campaigns.message_id,
        of_cart_campaigns.person_id,
        of_cart_campaigns.occurrence_key,
        mail_events.event_type as touch_kind,
        mail_events.occurred_at as touched_at,
        mail_events.occurred_at as visit_ends_at,
        of_cart_campaigns.sent_at,
        of_cart_campaigns.touch_ends_at
    from of_cart_campaigns
    inner join mail_events
        on
            of_cart_campaigns.shop_id = mail_events.shop_id
            and of_cart_campaigns.message_id = mail_events.message_id

    union

    select
        of_cart_campaigns.shop_id,
        of_cart_campaigns.message_id,
        of_cart_campaigns.person_id,
        of_cart_campaigns.occurrence_key,
        'click' as touch_kind,
        events.occurred_at as touched_at,
        events.occurred_at as visit_ends_at,
        of_cart_campaigns.sent_at,
        of_cart_campaigns.touch_ends_at
    from of_cart_campaigns
    inner join events
        on
            of_cart_campaigns.shop_id = events.shop_id
            and of_cart_campaigns.recipient_token = events.export_token

    union

    select
        of_cart_campaigns.shop_id,
        of_cart_campaigns.message_id,
        of_cart_campaigns.person_id,
        of_cart_campaigns.occurrence_key,
        'link' as touch_kind,
        sessions.started_at as touched_at,
        sessions.gap_ends_at as visit_ends_at,
        of_cart_campaigns.sent_at,
        of_cart_campaigns.touch_ends_at
    from of_cart_campaigns
    inner join sessions
        on
            of_cart_campaigns.shop_id = sessions.shop_id
            and of_cart_campaigns.recipient_token = sessions.entry_token

    union

    select
        of_cart_campaigns.shop_id,
        of_cart_campaigns.message_id,
        of_cart_campaigns.person_id,
        of_cart_campaigns.occurrence_key,
        'order' as touch_kind,
        orders.ordered_by_at as touched_at,
        orders.ordered_by_at as visit_ends_at,
        of_cart_campaigns.sent_at,
        of_cart_campaigns.touch_ends_at
    from of_cart_campaigns
    inner join orders
        on
            of_cart_campaigns.shop_id = orders.shop_id
            and of_cart_campaigns.recipient_token = orders.export_token

    union

    select
        shop_id,
        message_id,
        person_id,
        occurrence_key,
        'mail' as touch_kind,
        sent_at as touched_at,
        sent_at as visit_ends_at,
        sent_at,
        touch_ends_at
    from of_cart_campaigns

),

in_window as (

    select
        shop_id,
        message_id,
        person_id,
        occurrence_key,
        touch_kind,
        touched_at,
        visit_ends_at
    from touches
    where
        touched_at >= sent_at
        and touched_at < touch_ends_at

)

select * from in_window
