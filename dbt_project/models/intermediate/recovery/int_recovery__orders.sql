with

orders as (

    select * from {{ ref('int_orders__sales') }}
    where
        is_sale
        and person_id is not null

),

shop_days as (

    select * from {{ ref('stg_shop_days') }}

),

-- Of an order known by its date alone, everything of that date may have come before it.
timed as (

    select
        orders.shop_id,
        orders.order_id,
        orders.person_id,
        orders.export_token,
        orders.coupon_codes,
        orders.currency,
        orders.revenue_amount,
        case
            when orders.ordered_precision = 'day'
                then coalesce(shop_days.ends_at, orders.ordered_at)
            else orders.ordered_at
        end as ordered_by_at,
        orders.ordered_at,
        orders.ordered_on,
        orders.ordered_month
    from orders
    left join shop_days
        on
            orders.shop_id = shop_days.shop_id
            and orders.ordered_on = shop_days.day_on

)

select * from timed
