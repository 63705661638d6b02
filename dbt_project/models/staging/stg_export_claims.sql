with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

landed as (

    select * from {{ source('landing', 'export_claims') }}

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

ranked as (

    select
        *,
        row_number() over (
            partition by shop_id, export_batch_id, claim_no
            order by
                source_updated_at desc nulls last,
                loaded_at desc,
                batch_id desc,
                row_no desc,
                row_hash desc
        ) as version_rank
    from known

),

newest_version as (

    select
        shop_id,
        export_batch_id,
        claim_no,
        occurrence_key,
        dedupe_key,
        person_key,
        email_hash,
        recipient_token,
        arm_key,
        coupon_code,
        due_at,
        claim_state,
        reason_code,
        claimed_at,
        claimed_on,
        source as source_key,
        batch_id,
        loaded_at
    from ranked
    where
        version_rank = 1
        and claimed_at < as_of_at

)

select * from newest_version
