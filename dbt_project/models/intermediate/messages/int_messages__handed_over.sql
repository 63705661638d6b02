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

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

{{ ledger_persons('claims') }},

handed_over as (

    select
        identified.shop_id,
        {{ hash_key(['identified.export_batch_id', 'identified.claim_no']) }} as message_id,
        identified.export_batch_id,
        identified.claim_no,
        batches.program,
        batches.campaign_key,
        batches.campaign_version,
        batches.step_number,
        batches.channel,
        batches.destination,
        identified.arm_key,
        identified.occurrence_key,
        identified.dedupe_key,
        identified.email_hash,
        identified.recipient_token,
        identified.coupon_code,
        identified.person_id,
        identified.due_at,
        batches.handed_over_at,
        batches.handed_over_on
    from identified
    inner join batches
        on
            identified.shop_id = batches.shop_id
            and identified.export_batch_id = batches.export_batch_id
    inner join as_of
        on identified.shop_id = as_of.shop_id
    where batches.handed_over_at < as_of.as_of_at

)

select * from handed_over
