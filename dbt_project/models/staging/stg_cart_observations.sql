with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

landed as (

    select * from {{ source('landing', 'cart_observations') }}

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
        cart_id,
        observed_at
    from known
    group by
        shop_id,
        cart_id,
        observed_at
    having count(*) > 1

),

marked as (

    select
        known.*,
        repeated_keys.cart_id is not null as is_repeated
    from known
    left join repeated_keys
        on
            known.shop_id = repeated_keys.shop_id
            and known.cart_id = repeated_keys.cart_id
            and known.observed_at = repeated_keys.observed_at

),

ranked as (

    select
        *,
        row_number() over (
            partition by shop_id, cart_id, observed_at
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
        cart_id,
        customer_id,
        anonymous_id,
        observed_at,
        observed_on,
        items_hash,
        items_count,
        total_amount,
        cart_state,
        source as source_key,
        batch_id,
        loaded_at
    from stacked
    where
        version_rank = 1
        and observed_at < as_of_at

)

select * from newest_version
