with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

landed as (

    select * from {{ source('landing', 'carts') }}

),

known as (

    select landed.*
    from landed
    inner join as_of
        on landed.shop_id = as_of.shop_id
    where
        landed.loaded_at <= as_of.known_at
        and landed.last_activity_at < as_of.as_of_at

),

ranked as (

    select
        *,
        row_number() over (
            partition by shop_id, cart_id
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
        cart_id,
        customer_id,
        anonymous_id,
        email_hash,
        cart_kind,
        created_at,
        last_activity_at,
        last_activity_on,
        last_activity_precision,
        checkout_started_at,
        completed_at,
        order_id,
        disappeared_at,
        source_state,
        items_count,
        total_amount,
        currency,
        recovery_url,
        source_mail_state,
        source as source_key,
        batch_id,
        loaded_at
    from ranked
    where version_rank = 1

)

select * from newest_version
