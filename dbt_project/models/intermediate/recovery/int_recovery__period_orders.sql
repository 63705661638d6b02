with

periods as (

    select * from {{ ref('int_run__periods') }}

),

orders as (

    select * from {{ ref('int_orders__sales') }}
    where is_sale

),

averaged as (

    select
        periods.shop_id,
        periods.period_key,
        count(orders.revenue_amount) as order_count,
        cast(sum(orders.revenue_amount) as double) / nullif(count(orders.revenue_amount), 0)
            as shop_aov_amount
    from periods
    inner join orders
        on
            periods.shop_id = orders.shop_id
            and periods.first_month <= orders.ordered_month
            and periods.last_month >= orders.ordered_month
    group by
        periods.shop_id,
        periods.period_key

)

select * from averaged
