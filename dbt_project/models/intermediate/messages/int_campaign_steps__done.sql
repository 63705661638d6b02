with

messages as (

    select * from {{ ref('int_messages__handed_over') }}

),

held_out_claims as (

    select * from {{ ref('stg_export_claims') }}
    where claim_state = 'held_out'

),

batches as (

    select * from {{ ref('stg_export_batches') }}
    where batch_state not in ('void', 'expired')

),

{{ ledger_persons('held_out_claims') }},

-- A step is done when handed over, or when it would have been, had nobody been held out.
done_entries as (

    select
        shop_id,
        campaign_key,
        campaign_version,
        step_number,
        occurrence_key,
        coalesce(person_id, '') as person_id,
        handed_over_at as done_at
    from messages

    union all

    select
        identified.shop_id,
        batches.campaign_key,
        batches.campaign_version,
        batches.step_number,
        identified.occurrence_key,
        coalesce(identified.person_id, '') as person_id,
        identified.claimed_at as done_at
    from identified
    inner join batches
        on
            identified.shop_id = batches.shop_id
            and identified.export_batch_id = batches.export_batch_id

),

done as (

    select
        shop_id,
        campaign_key,
        campaign_version,
        step_number,
        occurrence_key,
        person_id,
        min(done_at) as done_at
    from done_entries
    group by
        shop_id,
        campaign_key,
        campaign_version,
        step_number,
        occurrence_key,
        person_id

)

select * from done
