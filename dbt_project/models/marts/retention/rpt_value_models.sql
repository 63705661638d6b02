with

settings as (

    select * from {{ ref('int_run__settings') }}

),

fitted as (

    select * from {{ ref('int_orders__value_fitted') }}

),

person_values as (

    select * from {{ ref('fct_person_values') }}

),

summed_up as (

    select
        shop_id,
        max(watched_days) as history_days,
        cast(sum(expected_orders_90) as decimal(18, 6)) as expected_orders_90,
        cast(sum(expected_orders_365) as decimal(18, 6)) as expected_orders_365,
        cast(sum(expected_revenue_90_amount) as decimal(18, 4)) as expected_revenue_90_amount,
        cast(sum(expected_revenue_365_amount) as decimal(18, 4)) as expected_revenue_365_amount
    from person_values
    group by shop_id

),

joined as (

    select
        fitted.shop_id,
        fitted.rate_state,
        fitted.amount_state,
        settings.currency,
        fitted.person_count as customer_count,
        fitted.repeater_count,
        fitted.valued_person_count,
        summed_up.history_days,
        fitted.r_parameter,
        fitted.alpha_parameter,
        fitted.a_parameter,
        fitted.b_parameter,
        fitted.rate_log_likelihood,
        fitted.p_parameter,
        fitted.q_parameter,
        fitted.v_parameter,
        fitted.amount_log_likelihood,
        summed_up.expected_orders_90,
        summed_up.expected_orders_365,
        summed_up.expected_revenue_90_amount,
        summed_up.expected_revenue_365_amount
    from fitted
    inner join settings
        on fitted.shop_id = settings.shop_id
    inner join summed_up
        on fitted.shop_id = summed_up.shop_id

)

select * from joined
