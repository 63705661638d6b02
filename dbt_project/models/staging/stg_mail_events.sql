with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

{{ newest_versions('mail_events', ['provider', 'event_key']) }},

newest_version as (

    select
        shop_id,
        provider,
        event_key,
        event_type,
        occurred_at,
        occurred_on,
        recipient_token,
        email_hash,
        campaign_key,
        step_number,
        message_id,
        link_url,
        user_agent,
        is_machine,
        machine_basis,
        bounce_code,
        reason,
        source as source_key,
        batch_id,
        loaded_at
    from stacked
    where
        version_rank = 1
        and occurred_at < as_of_at

)

select * from newest_version
