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

person_keys as (

    select * from {{ ref('int_persons__keys') }}
    where key_type = 'person_key'

),

address_keys as (

    select * from {{ ref('int_persons__keys') }}
    where key_type = 'email_hash'

),

-- A step is done when handed over, or when it would have been, had nobody been held out.
done_entries as (

    select
        shop_id,
        campaign_key,
        step_number,
        occurrence_key,
        coalesce(person_id, '') as person_id,
        handed_over_at as done_at
    from messages

    union all

    select
        held_out_claims.shop_id,
        batches.campaign_key,
        batches.step_number,
        held_out_claims.occurrence_key,
        coalesce(person_keys.person_id, address_keys.person_id, '') as person_id,
        held_out_claims.claimed_at as done_at
    from held_out_claims
    inner join batches
        on
            held_out_claims.shop_id = batches.shop_id
            and held_out_claims.export_batch_id = batches.export_batch_id
    left join person_keys
        on
            held_out_claims.shop_id = person_keys.shop_id
            and held_out_claims.person_key = person_keys.key_value
    left join address_keys
        on
            held_out_claims.shop_id = address_keys.shop_id
            and held_out_claims.email_hash = address_keys.key_value

),

done as (

    select
        shop_id,
        campaign_key,
        step_number,
        occurrence_key,
        person_id,
        min(done_at) as done_at
    from done_entries
    group by
        shop_id,
        campaign_key,
        step_number,
        occurrence_key,
        person_id

)

select * from done
