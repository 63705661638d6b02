{# Long for three ways to find a message, the best evidence first. #}

{%- set match_days = 30 -%}

with

mail_events as (

    select * from {{ ref('stg_mail_events') }}

),

messages as (

    select * from {{ ref('int_messages__handed_over') }}

),

by_token as (

    select
        mail_events.shop_id,
        mail_events.provider,
        mail_events.event_key,
        messages.message_id
    from mail_events
    inner join messages
        on
            mail_events.shop_id = messages.shop_id
            and mail_events.recipient_token = messages.recipient_token

),

-- A mailer's own message id, once seen with our token, names the message for that address.
mailer_ids as (

    select
        mail_events.shop_id,
        mail_events.provider,
        mail_events.message_id as mailer_message_id,
        mail_events.email_hash,
        min(by_token.message_id) as message_id
    from mail_events
    inner join by_token
        on
            mail_events.shop_id = by_token.shop_id
            and mail_events.provider = by_token.provider
            and mail_events.event_key = by_token.event_key
    where
        mail_events.message_id is not null
        and mail_events.email_hash is not null
    group by
        mail_events.shop_id,
        mail_events.provider,
        mail_events.message_id,
        mail_events.email_hash

),

by_mailer_id as (

    select
        mail_events.shop_id,
        mail_events.provider,
        mail_events.event_key,
        mailer_ids.message_id
    from mail_events
    inner join mailer_ids
        on
            mail_events.shop_id = mailer_ids.shop_id
            and mail_events.provider = mailer_ids.provider
            and mail_events.message_id = mailer_ids.mailer_message_id
            and mail_events.email_hash = mailer_ids.email_hash

),

-- By campaign and address an event belongs to the last message handed over before it.
campaign_candidates as (

    select
        mail_events.shop_id,
        mail_events.provider,
        mail_events.event_key,
        messages.message_id,
        row_number() over (
            partition by mail_events.shop_id, mail_events.provider, mail_events.event_key
            order by
                messages.handed_over_at desc,
                messages.message_id desc
        ) as candidate_no
    from mail_events
    inner join messages
        on
            mail_events.shop_id = messages.shop_id
            and mail_events.campaign_key = messages.campaign_key
            and mail_events.email_hash = messages.email_hash
            and coalesce(mail_events.step_number, messages.step_number) = messages.step_number
            and mail_events.occurred_at >= messages.handed_over_at
            and mail_events.occurred_at < {{ add_days('messages.handed_over_at', match_days) }}

),

matched as (

    select
        mail_events.shop_id,
        mail_events.provider,
        mail_events.event_key,
        coalesce(by_token.message_id, by_mailer_id.message_id, campaign_candidates.message_id)
            as message_id,
        case
            when by_token.message_id is not null then 'token'
            when by_mailer_id.message_id is not null then 'message'
            when campaign_candidates.message_id is not null then 'campaign'
            else 'none'
        end as match_basis,
        mail_events.event_type,
        mail_events.email_hash,
        mail_events.link_url,
        mail_events.user_agent,
        mail_events.is_machine,
        mail_events.machine_basis,
        mail_events.bounce_code,
        mail_events.reason,
        mail_events.occurred_at,
        mail_events.occurred_on
    from mail_events
    left join by_token
        on
            mail_events.shop_id = by_token.shop_id
            and mail_events.provider = by_token.provider
            and mail_events.event_key = by_token.event_key
    left join by_mailer_id
        on
            mail_events.shop_id = by_mailer_id.shop_id
            and mail_events.provider = by_mailer_id.provider
            and mail_events.event_key = by_mailer_id.event_key
    left join campaign_candidates
        on
            mail_events.shop_id = campaign_candidates.shop_id
            and mail_events.provider = campaign_candidates.provider
            and mail_events.event_key = campaign_candidates.event_key
            and campaign_candidates.candidate_no = 1

)

select * from matched
