-- Fails if orders, revenue or abandoned carts of a month of the monthly report are not those of the
-- facts, or if its new and returning buyers brought more than everybody did.
with

facts as (

    select
        shop_id,
        ordered_month as shop_month,
        'orders' as measure_key,
        cast(count(*) as decimal(18, 4)) as fact_value
    from {{ ref('fct_orders') }}
    where is_sale
    group by
        shop_id,
        ordered_month

    union all

    select
        shop_id,
        ordered_month as shop_month,
        'revenue' as measure_key,
        cast(sum(revenue_amount) as decimal(18, 4)) as fact_value
    from {{ ref('fct_orders') }}
    where is_sale
    group by
        shop_id,
        ordered_month

    union all

    select
        shop_id,
        abandoned_month as shop_month,
        'abandoned_carts' as measure_key,
        cast(count(*) as decimal(18, 4)) as fact_value
    from {{ ref('fct_cart_episodes') }}
    where is_abandoned
    group by
        shop_id,
        abandoned_month

),

months as (

    select * from {{ ref('rpt_shop_months') }}

),

wrong_months as (

    select
        facts.shop_id,
        facts.shop_month,
        facts.measure_key,
        facts.fact_value,
        months.measure_value
    from facts
    left join months
        on
            facts.shop_id = months.shop_id
            and facts.shop_month = months.shop_month
            and facts.measure_key = months.measure_key
    where facts.fact_value is distinct from months.measure_value

),

parts_of_revenue as (

    select
        shop_id,
        shop_month,
        sum(case when measure_key = 'revenue' then measure_value else 0 end) as revenue,
        sum(
            case when measure_key in ('new_revenue', 'returning_revenue') then measure_value else 0 end
        ) as revenue_of_buyers
    from months
    group by
        shop_id,
        shop_month

),

stacked as (

    select * from wrong_months
    union all
    select
        shop_id,
        shop_month,
        'revenue' as measure_key,
        revenue_of_buyers as fact_value,
        revenue as measure_value
    from parts_of_revenue
    where revenue_of_buyers > revenue

)

select * from stacked
