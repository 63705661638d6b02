with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

settings as (

    select * from {{ ref('int_run__settings') }}

),

measured as (

    select * from {{ ref('fct_shop_months') }}

),

month_orders as (

    select
        shop_id,
        shop_month,
        measure_value as order_count
    from measured
    where measure_key = 'orders'

),

-- Small months move by chance, running ones by the calendar: neither is compared.
with_comparability as (

    select
        measured.shop_id,
        measured.shop_month,
        measured.measure_key,
        measured.measure_value,
        measured.base_value,
        settings.currency,
        measured.is_mature,
        measured.shop_month = as_of.as_of_month as is_running,
        measured.is_mature
        and coalesce(month_orders.order_count, 0) >= settings.small_n as is_comparable
    from measured
    inner join as_of
        on measured.shop_id = as_of.shop_id
    inner join settings
        on measured.shop_id = settings.shop_id
    left join month_orders
        on
            measured.shop_id = month_orders.shop_id
            and measured.shop_month = month_orders.shop_month

),

compared as (

    select
        with_comparability.shop_id,
        with_comparability.shop_month,
        with_comparability.measure_key,
        with_comparability.currency,
        with_comparability.is_running,
        with_comparability.is_mature,
        with_comparability.is_comparable,
        with_comparability.measure_value,
        with_comparability.base_value,
        month_before.measure_value as previous_value,
        year_before.measure_value as last_year_value,
        cast(with_comparability.measure_value as double)
        / nullif(cast(with_comparability.base_value as double), 0) as measure_rate,
        case
            when with_comparability.is_comparable and month_before.is_comparable
                then
                    cast(with_comparability.measure_value as double)
                    / nullif(cast(month_before.measure_value as double), 0) - 1
        end as previous_change_rate,
        case
            when with_comparability.is_comparable and year_before.is_comparable
                then
                    cast(with_comparability.measure_value as double)
                    / nullif(cast(year_before.measure_value as double), 0) - 1
        end as last_year_change_rate
    from with_comparability
    left join with_comparability as month_before
        on
            with_comparability.shop_id = month_before.shop_id
            and with_comparability.measure_key = month_before.measure_key
            and {{ add_months_on('with_comparability.shop_month', '-1') }} = month_before.shop_month
    left join with_comparability as year_before
        on
            with_comparability.shop_id = year_before.shop_id
            and with_comparability.measure_key = year_before.measure_key
            and {{ add_months_on('with_comparability.shop_month', '-12') }} = year_before.shop_month

)

select * from compared
