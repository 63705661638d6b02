with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

sales as (

    select * from {{ ref('int_orders__sales') }}

),

order_items as (

    select * from {{ ref('stg_order_items') }}

),

products as (

    select * from {{ ref('stg_products') }}

),

counted as (

    select
        sales.shop_id,
        sales.person_id,
        count(*) as order_count,
        count(case when sales.ordered_at >= {{ add_days('as_of.as_of_at', -365) }} then 1 end)
            as order_count_365d,
        cast(sum(sales.revenue_amount) as decimal(18, 4)) as revenue_amount,
        -- No order in the year is no revenue; orders of unknown revenue are not.
        cast(
            case
                when max(sales.ordered_at) < max({{ add_days('as_of.as_of_at', -365) }}) then 0
                else
                    sum(
                        case
                            when sales.ordered_at >= {{ add_days('as_of.as_of_at', -365) }}
                                then sales.revenue_amount
                        end
                    )
            end as decimal(18, 4)
        ) as revenue_365d_amount,
        cast(max(sales.revenue_amount) as decimal(18, 4)) as largest_order_amount,
        avg(cast(sales.revenue_amount as double)) as average_order_amount,
        count(case when sales.revenue_amount is null then 1 end) as order_without_amount_count,
        min(sales.ordered_at) as first_ordered_at,
        min(sales.ordered_on) as first_ordered_on,
        max(sales.ordered_at) as last_ordered_at,
        max(sales.ordered_on) as last_ordered_on
    from sales
    inner join as_of
        on sales.shop_id = as_of.shop_id
    where sales.purchase_no is not null
    group by
        sales.shop_id,
        sales.person_id

),

category_orders as (

    select
        sales.shop_id,
        sales.person_id,
        coalesce(order_items.category_id, products.primary_category_id) as category_id,
        count(distinct sales.order_id) as order_count
    from sales
    inner join order_items
        on
            sales.shop_id = order_items.shop_id
            and sales.order_id = order_items.order_id
    left join products
        on
            order_items.shop_id = products.shop_id
            and order_items.product_id = products.product_id
    where
        sales.purchase_no is not null
        and coalesce(order_items.category_id, products.primary_category_id) is not null
    group by
        sales.shop_id,
        sales.person_id,
        coalesce(order_items.category_id, products.primary_category_id)

),

ranked_categories as (

    select
        *,
        row_number() over (
            partition by shop_id, person_id
            order by
                order_count desc,
                category_id asc
        ) as category_rank
    from category_orders

),

joined as (

    select
        counted.*,
        ranked_categories.category_id as top_category_id
    from counted
    left join ranked_categories
        on
            counted.shop_id = ranked_categories.shop_id
            and counted.person_id = ranked_categories.person_id
            and ranked_categories.category_rank = 1

)

select * from joined
