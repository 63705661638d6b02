-- Fails if the revenue of a sale is not the landed amount less what the landed refunds gave back.
-- Where the shop counts goods alone a refund may be shared out over goods and postage: then revenue
-- lies between the goods' amount and what is left of it after the whole refund.
with

sales as (

    select * from {{ ref('fct_orders') }}
    where is_sale

),

landed as (

    select * from {{ ref('stg_orders') }}

),

settings as (

    select * from {{ ref('int_run__settings') }}

),

refunds as (

    select
        shop_id,
        order_id,
        sum(refund_amount) as refunded_amount
    from {{ ref('stg_refunds') }}
    group by
        shop_id,
        order_id

),

compared as (

    select
        sales.shop_id,
        sales.order_id,
        sales.revenue_amount,
        settings.revenue_measure,
        case
            when landed.currency <> settings.currency then null
            when settings.revenue_measure = 'goods' then landed.goods_amount
            when settings.revenue_measure = 'total' then landed.total_amount
            else landed.paid_amount
        end as landed_amount,
        coalesce(refunds.refunded_amount, landed.refunded_amount, 0) as refunded_amount
    from sales
    inner join settings
        on sales.shop_id = settings.shop_id
    left join landed
        on
            sales.shop_id = landed.shop_id
            and sales.order_id = landed.order_id
    left join refunds
        on
            sales.shop_id = refunds.shop_id
            and sales.order_id = refunds.order_id

),

bounded as (

    select
        *,
        greatest(landed_amount - refunded_amount, 0) as least_amount,
        case
            when revenue_measure = 'goods' then landed_amount
            else greatest(landed_amount - refunded_amount, 0)
        end as most_amount
    from compared

)

select *
from bounded
where
    (landed_amount is null) <> (revenue_amount is null)
    or not coalesce(revenue_amount between least_amount and most_amount, true)
