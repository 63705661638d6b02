{# Long for the twenty-five cells of the map, which must leave nobody out. #}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

order_days as (

    select * from {{ ref('int_orders__order_days') }}

),

limits as (

    select * from {{ ref('int_persons__rfm_limits') }}

),

customers as (

    select
        order_days.shop_id,
        order_days.person_id,
        {{ days_between('max(order_days.ordered_on)', 'as_of.as_of_on') }} as recency_days,
        count(*) as order_day_count,
        cast(coalesce(sum(order_days.revenue_amount), 0) as decimal(18, 4)) as revenue_amount
    from order_days
    inner join as_of
        on order_days.shop_id = as_of.shop_id
    group by
        order_days.shop_id,
        order_days.person_id,
        as_of.as_of_on

),

-- A shop whose first order came this month has no limits yet, and nobody has a score.
scored as (

    select
        customers.shop_id,
        customers.person_id,
        recency.version_month,
        customers.recency_days,
        customers.order_day_count,
        customers.revenue_amount,
        {{ five_parts('customers.recency_days', 'recency', is_less_better=true) }} as recency_score,
        {{ five_parts('customers.order_day_count', 'frequency') }} as frequency_score,
        {{ five_parts('customers.revenue_amount', 'monetary') }} as monetary_score
    from customers
    inner join limits as recency
        on
            customers.shop_id = recency.shop_id
            and recency.measure = 'recency'
    inner join limits as frequency
        on
            customers.shop_id = frequency.shop_id
            and frequency.measure = 'frequency'
    inner join limits as monetary
        on
            customers.shop_id = monetary.shop_id
            and monetary.measure = 'monetary'

),

named as (

    select
        shop_id,
        person_id,
        version_month,
        case
            when recency_score = 5 and frequency_score >= 4 then 'champion'
            when recency_score >= 3 and frequency_score >= 4 then 'loyal'
            when recency_score = 5 and frequency_score = 1 then 'new'
            when recency_score = 4 and frequency_score = 1 then 'promising'
            when recency_score >= 4 then 'potential_loyal'
            when recency_score = 3 and frequency_score = 3 then 'needs_attention'
            when recency_score = 3 then 'about_to_sleep'
            when frequency_score = 5 then 'not_to_lose'
            when frequency_score >= 3 then 'at_risk'
            else 'hibernating'
        end as rfm_group,
        recency_days,
        order_day_count,
        recency_score,
        frequency_score,
        monetary_score,
        revenue_amount
    from scored

)

select * from named
