with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

landed as (

    select * from {{ source('landing', 'orders') }}

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
            partition by shop_id, order_id
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
        order_id,
        order_number,
        customer_id,
        is_guest,
        email_hash,
        ordered_at,
        ordered_on,
        ordered_precision,
        paid_at,
        shipped_at,
        delivered_at,
        cancelled_at,
        source_status,
        currency,
        goods_amount,
        discount_amount,
        points_used_amount,
        shipping_amount,
        fee_amount,
        tax_amount,
        wrapping_amount,
        total_amount,
        paid_amount,
        refunded_amount,
        original_currency,
        original_total_amount,
        prices_include_tax,
        payment_method,
        shipping_method,
        device,
        sales_channel,
        coupon_codes,
        cart_id,
        checkout_token,
        landing_campaign,
        export_token,
        source as source_key,
        batch_id,
        loaded_at
    from ranked
    where
        version_rank = 1
        and ordered_at < as_of_at

)

select * from newest_version
