with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

shop_days as (

    select * from {{ ref('stg_shop_days') }}

),

orders as (

    select * from {{ ref('stg_orders') }}

),

events as (

    select * from {{ ref('stg_events') }}

),

cart_observations as (

    select * from {{ ref('stg_cart_observations') }}

),

carts as (

    select * from {{ ref('stg_carts') }}

),

export_batches as (

    select * from {{ ref('stg_export_batches') }}

),

mail_results_summary as (

    select * from {{ ref('stg_mail_results_summary') }}

),

-- A cart is opened when it was made, if its list says so.
first_carts as (

    select
        shop_id,
        min(least(created_at, last_activity_at)) as first_at
    from carts
    group by shop_id

),

first_facts as (

    select
        shop_id,
        min(ordered_on) as first_on
    from orders
    group by shop_id

    union all

    select
        shop_id,
        min(occurred_on) as first_on
    from events
    group by shop_id

    union all

    select
        shop_id,
        min(observed_on) as first_on
    from cart_observations
    group by shop_id

    union all

    select
        first_carts.shop_id,
        shop_days.day_on as first_on
    from first_carts
    inner join shop_days
        on
            first_carts.shop_id = shop_days.shop_id
            and first_carts.first_at >= shop_days.starts_at
            and first_carts.first_at < shop_days.ends_at

    union all

    select
        shop_id,
        min(handed_over_on) as first_on
    from export_batches
    group by shop_id

    union all

    select
        shop_id,
        min(as_of_on) as first_on
    from mail_results_summary
    group by shop_id

),

-- A shop without a fact still has the month it is looked at in.
first_days as (

    select
        as_of.shop_id,
        as_of.as_of_on,
        as_of.as_of_month,
        coalesce(min(first_facts.first_on), as_of.as_of_on) as first_on
    from as_of
    left join first_facts
        on as_of.shop_id = first_facts.shop_id
    group by
        as_of.shop_id,
        as_of.as_of_on,
        as_of.as_of_month

),

shop_months as (

    select distinct
        shop_days.shop_id,
        first_days.as_of_month,
        {{ month_of('shop_days.day_on') }} as shop_month
    from shop_days
    inner join first_days
        on shop_days.shop_id = first_days.shop_id
    where
        shop_days.day_on between first_days.first_on and first_days.as_of_on

),

months as (

    select
        shop_id,
        substr(cast(shop_month as string), 1, 7) as period_key,
        'month' as period_kind,
        cast(1 as bigint) as period_months,
        shop_month as first_month,
        shop_month as last_month,
        as_of_month
    from shop_months

),

trailing_lengths as (

    select 3 as month_count
    union all
    select 6 as month_count
    union all
    select 12 as month_count
    union all
    select 24 as month_count

),

-- The running month is the last of the n: screens mark it, and no full month is hidden by it.
trailing_periods as (

    select
        as_of.shop_id,
        'trailing_' || cast(trailing_lengths.month_count as string) as period_key,
        'trailing' as period_kind,
        cast(trailing_lengths.month_count as bigint) as period_months,
        {{ add_months_on('as_of.as_of_month', '1 - trailing_lengths.month_count') }} as first_month,
        as_of.as_of_month as last_month,
        as_of.as_of_month
    from as_of
    cross join trailing_lengths

),

whole_history as (

    select
        shop_id,
        'all' as period_key,
        'all' as period_kind,
        count(*) as period_months,
        min(shop_month) as first_month,
        max(shop_month) as last_month,
        as_of_month
    from shop_months
    group by
        shop_id,
        as_of_month

),

stacked as (

    select * from months
    union all
    select * from trailing_periods
    union all
    select * from whole_history

),

marked as (

    select
        shop_id,
        period_key,
        period_kind,
        period_months,
        first_month,
        last_month,
        last_month = as_of_month as is_running
    from stacked

)

select * from marked
