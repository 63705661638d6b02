with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

landed as (

    select * from {{ source('landing', 'mail_events') }}

),

known as (

    select
        landed.*,
        as_of.as_of_at
    from landed
    inner join as_of
        on landed.shop_id = as_of.shop_id
    where landed.loaded_at <= as_of.known_at

),

-- Nearly every row has one version: ranking only the rest spares sorting the whole log.
repeated_keys as (

    select
        shop_id,
        provider,
        event_key
    from known
    group by
        shop_id,
        provider,
        event_key
    having count(*) > 1

),

marked as (

    select
        known.*,
        repeated_keys.provider is not null as is_repeated
    from known
    left join repeated_keys
        on
            known.shop_id = repeated_keys.shop_id
            and known.provider = repeated_keys.provider
            and known.event_key = repeated_keys.event_key

),

ranked as (

    select
        *,
        row_number() over (
            partition by shop_id, provider, event_key
            order by
                source_updated_at desc nulls last,
                loaded_at desc,
                batch_id desc,
                row_no desc,
                row_hash desc
        ) as version_rank
    from marked
    where is_repeated

),

stacked as (

    select
        *,
        1 as version_rank
    from marked
    where not is_repeated

    union all

    select * from ranked

),

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
