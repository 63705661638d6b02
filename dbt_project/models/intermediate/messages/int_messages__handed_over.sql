with

batches as (

    select * from {{ ref('stg_export_batches') }}
    where
        batch_state in ('delivered', 'acked')
        and handed_over_at is not null

),

claims as (

    select * from {{ ref('stg_export_claims') }}
    where claim_state = 'claimed'

),

person_keys as (

    select * from {{ ref('int_persons__keys') }}
    where key_type = 'person_key'

),

address_keys as (

    select * from {{ ref('int_persons__keys') }}
    where key_type = 'email_hash'

),

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

handed_over as (

    select
        claims.shop_id,
        {{ hash_key(['claims.export_batch_id', 'claims.claim_no']) }} as message_id,
        claims.export_batch_id,
        claims.claim_no,
        batches.program,
        batches.campaign_key,
        batches.campaign_version,
        batches.step_number,
        batches.channel,
        batches.destination,
        claims.arm_key,
        claims.occurrence_key,
        claims.dedupe_key,
        claims.email_hash,
        claims.recipient_token,
        claims.coupon_code,
        coalesce(person_keys.person_id, address_keys.person_id) as person_id,
        claims.due_at,
        batches.handed_over_at,
        batches.handed_over_on
    from claims
    inner join batches
        on
            claims.shop_id = batches.shop_id
            and claims.export_batch_id = batches.export_batch_id
    inner join as_of
        on claims.shop_id = as_of.shop_id
    left join person_keys
        on
            claims.shop_id = person_keys.shop_id
            and claims.person_key = person_keys.key_value
    left join address_keys
        on
            claims.shop_id = address_keys.shop_id
            and claims.email_hash = address_keys.key_value
    where batches.handed_over_at < as_of.as_of_at

)

select * from handed_over
