-- A row is a shop whose claims of handed-over batches and messages differ in number.
with

claims as (

    select
        claims.shop_id,
        count(*) as claim_count
    from {{ ref('stg_export_claims') }} as claims
    inner join {{ ref('stg_export_batches') }} as batches
        on
            claims.shop_id = batches.shop_id
            and claims.export_batch_id = batches.export_batch_id
    inner join {{ ref('int_run__as_of') }} as as_of
        on claims.shop_id = as_of.shop_id
    where
        claims.claim_state = 'claimed'
        and batches.batch_state in ('delivered', 'acked')
        and batches.handed_over_at < as_of.as_of_at
    group by claims.shop_id

),

messages as (

    select
        shop_id,
        count(*) as message_count
    from {{ ref('fct_messages') }}
    group by shop_id

)

select
    coalesce(claims.shop_id, messages.shop_id) as shop_id,
    claims.claim_count,
    messages.message_count
from claims
full outer join messages
    on claims.shop_id = messages.shop_id
where not coalesce(claims.claim_count = messages.message_count, false)
