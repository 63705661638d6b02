with

orders as (

    select * from {{ ref('stg_orders') }}

),

order_items as (

    select * from {{ ref('stg_order_items') }}

),

refunds as (

    select * from {{ ref('stg_refunds') }}

),

refunds_by_order as (

    select
        shop_id,
        order_id,
        sum(refund_amount) as refunded_amount,
        -- Only a refund whose goods are known adds here; the rest is shared out below.
        sum(goods_amount) as refunded_goods_amount,
        sum(case when goods_amount is null then refund_amount else 0 end) as unsplit_amount
    from refunds
    group by
        shop_id,
        order_id

),

refunds_by_line as (

    select
        shop_id,
        order_id,
        sum(refunded_amount) as refunded_goods_amount
    from order_items
    where refunded_amount > 0
    group by
        shop_id,
        order_id

),

-- Dated refunds win over the order's own total, which says nothing of when.
known as (

    select
        orders.shop_id,
        orders.order_id,
        orders.currency,
        orders.goods_amount,
        orders.total_amount,
        coalesce(refunds_by_order.refunded_amount, orders.refunded_amount) as refunded_amount,
        case
            when refunds_by_order.unsplit_amount = 0 then refunds_by_order.refunded_goods_amount
            else refunds_by_line.refunded_goods_amount
        end as given_goods_amount,
        coalesce(refunds_by_order.refunded_goods_amount, 0) as split_goods_amount,
        coalesce(refunds_by_order.unsplit_amount, orders.refunded_amount) as unsplit_amount
    from orders
    left join refunds_by_order
        on
            orders.shop_id = refunds_by_order.shop_id
            and orders.order_id = refunds_by_order.order_id
    left join refunds_by_line
        on
            orders.shop_id = refunds_by_line.shop_id
            and orders.order_id = refunds_by_line.order_id

),

-- Without goods lines a refund takes its share of the goods: refund x goods / total.
shared_out as (

    select
        *,
        split_goods_amount + coalesce(
            cast(unsplit_amount as double) * cast(goods_amount as double)
            / nullif(cast(total_amount as double), 0),
            unsplit_amount
        ) as estimated_goods_amount
    from known
    where refunded_amount > 0

),

rounded as (

    select
        shop_id,
        order_id,
        cast(refunded_amount as decimal(18, 4)) as refunded_amount,
        cast(
            coalesce(
                given_goods_amount,
                -- A yen has no parts.
                round(estimated_goods_amount, case when currency = 'JPY' then 0 else 2 end)
            ) as decimal(18, 4)
        ) as refunded_goods_amount,
        given_goods_amount is null as is_estimated
    from shared_out

)

select * from rounded
