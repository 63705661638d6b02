with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

{{ newest_versions('events', ['event_id']) }},

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
