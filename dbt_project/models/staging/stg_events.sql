{# Long for its columns: the widest table there is. #}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

landed as (

    select * from {{ source('landing', 'events') }}

),

{#- Read anew for every purpose: an engine holds what is read twice whole, and this log is wide. #}
landed_keys as (

    select * from {{ source('landing', 'events') }}

),

landed_versions as (

    select * from {{ source('landing', 'events') }}

),

-- Nearly every row has one version: ranking only the rest spares sorting the whole log.
repeated_keys as (

    select
        shop_id,
        event_id
    from landed_keys
    group by
        shop_id,
        event_id
    having count(*) > 1

),

singles as (

    select
        landed.*,
        as_of.as_of_at,
        1 as version_rank
    from landed
    inner join as_of
        on
            landed.shop_id = as_of.shop_id
            and landed.loaded_at <= as_of.known_at
    left join repeated_keys
        on
            landed.shop_id = repeated_keys.shop_id
            and landed.event_id = repeated_keys.event_id
    where repeated_keys.event_id is null

),

ranked as (

    select
        landed_versions.*,
        as_of.as_of_at,
        row_number() over (
            partition by landed_versions.shop_id, landed_versions.event_id
            order by
                landed_versions.source_updated_at desc nulls last,
                landed_versions.loaded_at desc,
                landed_versions.batch_id desc,
                landed_versions.row_no desc,
                landed_versions.row_hash desc
        ) as version_rank
    from landed_versions
    inner join as_of
        on
            landed_versions.shop_id = as_of.shop_id
            and landed_versions.loaded_at <= as_of.known_at
    inner join repeated_keys
        on
            landed_versions.shop_id = repeated_keys.shop_id
            and landed_versions.event_id = repeated_keys.event_id

),

stacked as (

    select * from singles

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
