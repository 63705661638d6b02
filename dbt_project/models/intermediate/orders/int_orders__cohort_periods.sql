with

settings as (

    select * from {{ ref('int_run__settings') }}

),

members as (

    select * from {{ ref('int_orders__cohort_members') }}

),

sales as (

    select * from {{ ref('int_orders__sales') }}

),

-- By date, not by hour: who registers at the checkout has ordered in period 0.
aged as (

    select
        members.shop_id,
        members.cohort_basis,
        members.cohort_grain,
        members.cohort_from_on,
        members.period_unit,
        members.person_id,
        members.complete_count,
        members.cohort_basis <> 'first_order' or sales.purchase_no > 1 as is_further_order,
        sales.revenue_amount,
        sales.ordered_month,
        {{ week_of('sales.ordered_on', 'settings.week_start') }} as ordered_week_on,
        greatest({{ days_between('members.began_at', 'sales.ordered_at') }}, 0) as age_days
    from members
    inner join sales
        on
            members.shop_id = sales.shop_id
            and members.person_id = sales.person_id
            and members.began_on <= sales.ordered_on
    inner join settings
        on members.shop_id = settings.shop_id
    where sales.purchase_no is not null

),

numbered as (

    select
        *,
        cast(
            case period_unit
                when 'calendar_month' then {{ months_between('cohort_from_on', 'ordered_month') }}
                when 'calendar_week' then {{ days_between('cohort_from_on', 'ordered_week_on') }} / 7
                when 'days_30' then floor(age_days / 30.0)
                else {{ bracket_of('age_days') }}
            end as bigint
        ) as period_number
    from aged

),

summed_up as (

    select
        shop_id,
        cohort_basis,
        cohort_grain,
        cohort_from_on,
        period_unit,
        person_id,
        complete_count,
        period_number,
        max(case when is_further_order then 1 else 0 end) = 1 as has_further_order,
        cast(sum(revenue_amount) as decimal(18, 4)) as revenue_amount
    from numbered
    group by
        shop_id,
        cohort_basis,
        cohort_grain,
        cohort_from_on,
        period_unit,
        person_id,
        complete_count,
        period_number

)

select * from summed_up
