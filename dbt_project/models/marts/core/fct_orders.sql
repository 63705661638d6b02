with

sales as (

    select * from {{ ref('int_orders__sales') }}

),

chosen as (

    select
        shop_id,
        order_id,
        person_id,
        order_number,
        cart_id,
        cast(purchase_no as bigint) as purchase_no,
        order_state,
        source_status,
        source_key,
        ordered_precision,
        payment_method,
        device,
        sales_channel,
        landing_campaign,
        coupon_codes,
        currency,
        is_guest,
        is_sale,
        revenue_amount,
        goods_amount,
        discount_amount,
        points_used_amount,
        shipping_amount,
        total_amount,
        paid_amount,
        refunded_amount,
        ordered_at,
        ordered_on,
        ordered_month,
        shipped_at,
        delivered_at,
        cancelled_at
    from sales

)

select * from chosen
