{# Long for its columns: the widest table there is. #}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

landed as (

    select * from {{ source('landing', 'events') }}

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
        event_id
    from known
    group by
        shop_id,
        event_id
    having count(*) > 1

),

marked as (

    select
        known.*,
        repeated_keys.event_id is not null as is_repeated
    from known
    left join repeated_keys
        on
            known.shop_id = repeated_keys.shop_id
            and known.event_id = repeated_keys.event_id

),

ranked as (

    select
        *,
        row_number() over (
            partition by shop_id, event_id
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
        event_id,
        event_name,
        occurred_at,
        occurred_on,
        received_at,
        anonymous_id,
        customer_id,
        source_session_id,
        product_id,
        variant_id,
        sku,
        product_name,
        category_text,
        item_seq,
        quantity,
        price_amount,
        value_amount,
        currency,
        cart_id,
        checkout_id,
        order_id,
        list_id,
        query,
        coupon_code,
        page_url,
        referrer,
        utm_source,
        utm_medium,
        utm_campaign,
        export_token,
        experiment_key,
        arm_key,
        field_name,
        device,
        is_bot,
        source as source_key,
        batch_id,
        loaded_at
    from stacked
    where
        version_rank = 1
        and occurred_at < as_of_at

)

select * from newest_version
