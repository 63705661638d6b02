{# Over 120 lines: one short block per measure of the monthly report. #}
with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

episodes as (

    select * from {{ ref('fct_cart_episodes') }}

),

outcomes as (

    select * from {{ ref('fct_recovery_outcomes') }}

),

messages as (

    select * from {{ ref('fct_messages') }}

),

contactable as (

    select * from {{ ref('int_persons__contactable') }}

),

persons as (

    select * from {{ ref('dim_persons') }}

),

sales as (

    select
        shop_id,
        order_id,
        person_id,
        ordered_month,
        revenue_amount,
        min(ordered_month) over (partition by shop_id, person_id) as first_ordered_month
    from orders
    where is_sale

),

-- Known before the history begins is not new; an order nobody is named for is neither.
judged_sales as (

    select
        sales.*,
        coalesce(
            sales.ordered_month = sales.first_ordered_month and not persons.is_before_history, false
        ) as is_new,
        coalesce(
            sales.ordered_month > sales.first_ordered_month or persons.is_before_history, false
        )
        and persons.person_id is not null as is_returning
    from sales
    left join persons
        on
            sales.shop_id = persons.shop_id
            and sales.person_id = persons.person_id

),

order_months as (

    select
        shop_id,
        ordered_month as shop_month,
        sum(revenue_amount) as revenue,
        sum(case when is_new then revenue_amount else 0 end) as new_revenue,
        sum(case when is_returning then revenue_amount else 0 end) as returning_revenue,
        count(*) as orders,
        count(distinct case when is_new then person_id end) as new_buyers,
        count(distinct case when is_returning then person_id end) as returning_buyers
    from judged_sales
    group by
        shop_id,
        ordered_month

),

recovered_months as (

    select
        sales.shop_id,
        sales.ordered_month as shop_month,
        sum(outcomes.recovered_amount) as recovered_amount
    from outcomes
    inner join sales
        on
            outcomes.shop_id = sales.shop_id
            and outcomes.credited_order_id = sales.order_id
    group by
        sales.shop_id,
        sales.ordered_month

),

measured as (
    {% for measure_key in [
        'revenue', 'new_revenue', 'returning_revenue', 'orders', 'new_buyers', 'returning_buyers'
    ] %}
    select
        shop_id,
        shop_month,
        '{{ measure_key }}' as measure_key,
        cast({{ measure_key }} as decimal(18, 4)) as measure_value
    from order_months

    union all
    {% endfor %}
    select
        shop_id,
        shop_month,
        'recovered_amount' as measure_key,
        cast(recovered_amount as decimal(18, 4)) as measure_value
    from recovered_months

    union all

    select
        shop_id,
        abandoned_month as shop_month,
        'abandoned_carts' as measure_key,
        cast(count(*) as decimal(18, 4)) as measure_value
    from episodes
    where is_abandoned
    group by
        shop_id,
        abandoned_month

    union all

    select
        shop_id,
        sent_month as shop_month,
        'unsubscribes' as measure_key,
        cast(count(case when is_unsubscribed then 1 end) as decimal(18, 4)) as measure_value
    from messages
    where is_sent
    group by
        shop_id,
        sent_month

    union all

    select
        as_of.shop_id,
        as_of.as_of_month as shop_month,
        'mailable_persons' as measure_key,
        cast(count(distinct contactable.person_id) as decimal(18, 4)) as measure_value
    from as_of
    inner join contactable
        on as_of.shop_id = contactable.shop_id
    where
        contactable.channel = 'email'
        and contactable.purpose = 'marketing'
        and contactable.is_contactable
    group by
        as_of.shop_id,
        as_of.as_of_month

)

select * from measured
