with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

orders as (

    select * from {{ ref('int_orders__sales') }}
    where is_sale

),

last_year as (

    select
        orders.shop_id,
        orders.revenue_amount
    from orders
    inner join as_of
        on orders.shop_id = as_of.shop_id
    where
        orders.revenue_amount is not null
        and orders.ordered_at >= {{ add_days('as_of.as_of_at', -365) }}

),

quartiles as (

    select
        shop_id,
        count(*) as order_count,
        percentile_cont(0.25) within group (order by cast(revenue_amount as double)) as first_quartile,
        percentile_cont(0.75) within group (order by cast(revenue_amount as double)) as third_quartile
    from last_year
    group by shop_id

),

-- Far out by Tukey's outer fence, so that an ordinary large order stays in.
limits as (

    select
        shop_id,
        order_count,
        third_quartile + 3 * (third_quartile - first_quartile) as outlier_limit_amount
    from quartiles

)

select * from limits
