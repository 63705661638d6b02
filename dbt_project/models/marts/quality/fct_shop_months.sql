{# Over 120 lines: one short block per measure of the monthly report. #}
with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

settings as (

    select * from {{ ref('int_run__settings') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

episodes as (

    select * from {{ ref('fct_cart_episodes') }}

),

periods as (

    select * from {{ ref('int_run__periods') }}
    where period_kind = 'month'

),

bridge as (

    select * from {{ ref('rpt_recovery_bridge') }}
    where
        campaign_key = 'all'
        and line_key = 'ordered'

),

messages as (

    select * from {{ ref('fct_messages') }}

),

mailable_days as (

    select * from {{ ref('int_persons__mailable_days') }}

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

-- No order brings 0; orders without a known amount bring what nobody knows.
order_months as (

    select
        shop_id,
        ordered_month as shop_month,
        sum(revenue_amount) as revenue,
        case
            when count(case when is_new then 1 end) = 0 then 0
            else sum(case when is_new then revenue_amount end)
        end as new_revenue,
        case
            when count(case when is_returning then 1 end) = 0 then 0
            else sum(case when is_returning then revenue_amount end)
        end as returning_revenue,
        count(*) as orders,
        count(distinct case when is_new then person_id end) as new_buyers,
        count(distinct case when is_returning then person_id end) as returning_buyers
    from judged_sales
    group by
        shop_id,
        ordered_month

),

message_months as (

    select
        shop_id,
        sent_month as shop_month,
        count(*) as sent_messages,
        count(case when is_unsubscribed then 1 end) as unsubscribes,
        count(case when is_complained then 1 end) as complaints
    from messages
    where is_sent
    group by
        shop_id,
        sent_month

),

last_days as (

    select
        shop_id,
        {{ month_of('day_on') }} as shop_month,
        max(day_on) as last_day_on
    from mailable_days
    group by
        shop_id,
        {{ month_of('day_on') }}

),

measured as (
    {% for measure_key in [
        'revenue', 'new_revenue', 'returning_revenue', 'orders', 'new_buyers', 'returning_buyers'
    ] %}
    select
        shop_id,
        shop_month,
        '{{ measure_key }}' as measure_key,
        cast({{ measure_key }} as decimal(18, 4)) as measure_value,
        cast(null as decimal(18, 4)) as base_value
    from order_months

    union all
    {% endfor %}
    select
        bridge.shop_id,
        periods.first_month as shop_month,
        'recovered_amount' as measure_key,
        bridge.recovered_amount as measure_value,
        cast(null as decimal(18, 4)) as base_value
    from bridge
    inner join periods
        on
            bridge.shop_id = periods.shop_id
            and bridge.period_key = periods.period_key

    union all

    select
        shop_id,
        abandoned_month as shop_month,
        'abandoned_carts' as measure_key,
        cast(count(*) as decimal(18, 4)) as measure_value,
        cast(null as decimal(18, 4)) as base_value
    from episodes
    where is_abandoned
    group by
        shop_id,
        abandoned_month

    union all

    select
        shop_id,
        opened_month as shop_month,
        'abandoned_of_opened' as measure_key,
        cast(count(case when is_abandoned then 1 end) as decimal(18, 4)) as measure_value,
        cast(count(*) as decimal(18, 4)) as base_value
    from episodes
    where not is_running
    group by
        shop_id,
        opened_month

    union all
    {% for measure_key in ['unsubscribes', 'complaints'] %}
    select
        shop_id,
        shop_month,
        '{{ measure_key }}' as measure_key,
        cast({{ measure_key }} as decimal(18, 4)) as measure_value,
        cast(sent_messages as decimal(18, 4)) as base_value
    from message_months

    union all
    {% endfor %}
    -- As of the month's last day, of the running month as of now.
    select
        mailable_days.shop_id,
        last_days.shop_month,
        'mailable_persons' as measure_key,
        cast(mailable_days.mailable_count as decimal(18, 4)) as measure_value,
        cast(null as decimal(18, 4)) as base_value
    from mailable_days
    inner join last_days
        on
            mailable_days.shop_id = last_days.shop_id
            and mailable_days.day_on = last_days.last_day_on
    inner join periods
        on
            last_days.shop_id = periods.shop_id
            and last_days.shop_month = periods.first_month

),

-- What is counted by the month of sending may still come in while the last windows run.
with_maturity as (

    select
        measured.shop_id,
        measured.shop_month,
        measured.measure_key,
        {{ add_days_on(
            add_months_on('measured.shop_month', '1'),
            "case when measured.measure_key in ('unsubscribes', 'complaints')"
            ~ " then settings.recovery_window_days else 0 end"
        ) }} <= as_of.as_of_on as is_mature,
        measured.measure_value,
        measured.base_value
    from measured
    inner join as_of
        on measured.shop_id = as_of.shop_id
    inner join settings
        on measured.shop_id = settings.shop_id

)

select * from with_maturity
