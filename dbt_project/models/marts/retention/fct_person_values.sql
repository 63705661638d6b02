with

settings as (

    select * from {{ ref('int_run__settings') }}

),

histories as (

    select * from {{ ref('int_orders__purchase_histories') }}

),

fitted as (

    select * from {{ ref('int_orders__value_fitted') }}

),

predicted as (

    select * from {{ ref('int_orders__value_predicted') }}

),

watched as (

    select
        *,
        max(watched_days) over (partition by shop_id) as history_days
    from histories

),

-- No farther ahead than the shop can look back.
allowed as (

    select
        watched.shop_id,
        watched.person_id,
        settings.currency,
        case
            when predicted.alive_rate is null then fitted.rate_state
            when watched.history_days < 90 then 'short_history'
            when predicted.expected_amount is null then 'orders_only'
            when 'at_limit' in (fitted.rate_state, fitted.amount_state) then 'at_limit'
            else 'fitted'
        end as value_state,
        watched.repeat_count,
        watched.recency_days,
        watched.watched_days,
        round(predicted.alive_rate, 9) as alive_rate,
        predicted.expected_amount,
        case when watched.history_days >= 90 then predicted.expected_orders_90 end
            as expected_orders_90,
        case when watched.history_days >= 365 then predicted.expected_orders_365 end
            as expected_orders_365
    from watched
    inner join settings
        on watched.shop_id = settings.shop_id
    inner join fitted
        on watched.shop_id = fitted.shop_id
    left join predicted
        on
            watched.shop_id = predicted.shop_id
            and watched.person_id = predicted.person_id

),

valued as (

    select
        shop_id,
        person_id,
        currency,
        value_state,
        repeat_count,
        recency_days,
        watched_days,
        alive_rate,
        cast(expected_orders_90 as decimal(18, 6)) as expected_orders_90,
        cast(expected_orders_365 as decimal(18, 6)) as expected_orders_365,
        cast(expected_amount as decimal(18, 4)) as expected_order_amount,
        cast(expected_orders_90 * expected_amount as decimal(18, 4)) as expected_revenue_90_amount,
        cast(expected_orders_365 * expected_amount as decimal(18, 4)) as expected_revenue_365_amount
    from allowed

)

select * from valued
