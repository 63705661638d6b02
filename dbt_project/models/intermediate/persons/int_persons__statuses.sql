with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

order_days as (

    select * from {{ ref('int_orders__order_days') }}

),

limits as (

    select * from {{ ref('int_persons__status_limits') }}

),

-- One row per person and month in which this order day was the last before its first day, and one
-- for now, judged by the limits of the running month.
watched as (

    select
        order_days.shop_id,
        order_days.person_id,
        limits.version_month,
        limits.order_band,
        limits.limit_basis,
        limits.slowing_after_days,
        limits.at_risk_after_days,
        limits.dormant_after_days,
        false as is_now,
        {{ days_between('order_days.ordered_on', 'limits.version_month') }} as waited_days
    from order_days
    inner join limits
        on
            order_days.shop_id = limits.shop_id
            and order_days.order_band = limits.order_band
            and order_days.ordered_on < limits.version_month
            and (
                order_days.next_ordered_on is null
                or order_days.next_ordered_on >= limits.version_month
            )

    union all

    select
        order_days.shop_id,
        order_days.person_id,
        as_of.as_of_month as version_month,
        order_days.order_band,
        limits.limit_basis,
        limits.slowing_after_days,
        limits.at_risk_after_days,
        limits.dormant_after_days,
        true as is_now,
        {{ days_between('order_days.ordered_on', 'as_of.as_of_on') }} as waited_days
    from order_days
    inner join as_of
        on order_days.shop_id = as_of.shop_id
    inner join limits
        on
            order_days.shop_id = limits.shop_id
            and order_days.order_band = limits.order_band
            and as_of.as_of_month = limits.version_month
    where order_days.next_ordered_on is null

),

judged as (

    select
        shop_id,
        person_id,
        version_month,
        order_band,
        limit_basis,
        case
            when waited_days <= slowing_after_days then 'active'
            when waited_days <= at_risk_after_days then 'slowing'
            when waited_days <= dormant_after_days then 'at_risk'
            else 'dormant'
        end as purchase_status,
        is_now,
        waited_days
    from watched

)

select * from judged
