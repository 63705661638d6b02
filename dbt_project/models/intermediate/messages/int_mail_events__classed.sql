{# Long for four tests of one thing: did a person do this? #}

{#- Seconds after delivery, or after its first click, within which following every link is no person.
    Source: scanners fetch all links of a message at once, before it is shown. -#}
{%- set burst_seconds = 10 -%}

with

mail_events as (

    select * from {{ ref('int_mail_events__matched') }}

),

messages as (

    select * from {{ ref('int_messages__handed_over') }}

),

clicks as (

    select
        mail_events.shop_id,
        mail_events.message_id,
        messages.export_batch_id,
        mail_events.link_url,
        mail_events.occurred_at
    from mail_events
    inner join messages
        on
            mail_events.shop_id = messages.shop_id
            and mail_events.message_id = messages.message_id
    where
        mail_events.event_type = 'click'
        and mail_events.link_url is not null

),

-- The links of a message are those anybody of its batch has followed.
batch_links as (

    select
        shop_id,
        export_batch_id,
        count(distinct link_url) as link_count
    from clicks
    group by
        shop_id,
        export_batch_id

),

starts as (

    select
        mail_events.shop_id,
        mail_events.message_id,
        coalesce(
            min(case when mail_events.event_type = 'delivered' then mail_events.occurred_at end),
            min(case when mail_events.event_type = 'click' then mail_events.occurred_at end)
        ) as burst_starts_at
    from mail_events
    where mail_events.message_id is not null
    group by
        mail_events.shop_id,
        mail_events.message_id

),

bursts as (

    select
        clicks.shop_id,
        clicks.message_id,
        clicks.export_batch_id,
        starts.burst_starts_at,
        count(distinct clicks.link_url) as burst_link_count
    from clicks
    inner join starts
        on
            clicks.shop_id = starts.shop_id
            and clicks.message_id = starts.message_id
    where
        clicks.occurred_at >= starts.burst_starts_at
        and {{ seconds_between('starts.burst_starts_at', 'clicks.occurred_at') }}
        < {{ burst_seconds }}
    group by
        clicks.shop_id,
        clicks.message_id,
        clicks.export_batch_id,
        starts.burst_starts_at

),

-- One link alone says nothing: a person follows it just as a scanner does.
scanned as (

    select
        bursts.shop_id,
        bursts.message_id,
        bursts.burst_starts_at
    from bursts
    inner join batch_links
        on
            bursts.shop_id = batch_links.shop_id
            and bursts.export_batch_id = batch_links.export_batch_id
    where
        bursts.burst_link_count >= 2
        and bursts.burst_link_count = batch_links.link_count

),

flagged as (

    select
        mail_events.*,
        coalesce(
            scanned.burst_starts_at <= mail_events.occurred_at
            and {{ seconds_between('scanned.burst_starts_at', 'mail_events.occurred_at') }}
            < {{ burst_seconds }},
            false
        ) as is_in_burst
    from mail_events
    left join scanned
        on
            mail_events.shop_id = scanned.shop_id
            and mail_events.message_id = scanned.message_id

),

classed as (

    select
        shop_id,
        provider,
        event_key,
        message_id,
        match_basis,
        event_type,
        email_hash,
        link_url,
        case
            when event_type not in ('open', 'click') then 'none'
            when is_machine then 'machine'
            when {{ is_prefetch_agent('user_agent') }} then 'machine'
            when is_in_burst then 'machine'
            when not is_machine then 'human'
            when user_agent is null or {{ is_image_proxy('user_agent') }} then 'unknown'
            else 'human'
        end as event_class,
        case
            when event_type not in ('open', 'click') then null
            when is_machine then coalesce(machine_basis, 'provider')
            when {{ is_prefetch_agent('user_agent') }} then 'ua'
            when is_in_burst then 'all_links'
        end as machine_basis,
        bounce_code,
        reason,
        occurred_at,
        occurred_on
    from flagged

)

select * from classed
