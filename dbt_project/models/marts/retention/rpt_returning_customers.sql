with

periods as (

    select * from {{ ref('int_run__periods') }}

),

person_months as (

    select * from {{ ref('fct_person_months') }}

),

-- Who was known before the shop's history begins is not new: no order of theirs is a first one.
by_person as (

    select
        person_months.shop_id,
        periods.period_key,
        person_months.person_id,
        max(
            case
                when
                    person_months.cohort_month < periods.first_month or person_months.is_before_history
                    then 1
                else 0
            end
        ) = 1 as is_returning,
        sum(person_months.order_count) as order_count,
        sum(
            person_months.order_count - case
                when person_months.first_purchase_no = 1 and not person_months.is_before_history then 1
                else 0
            end
        ) as repeat_order_count
    from person_months
    inner join periods
        on
            person_months.shop_id = periods.shop_id
            and person_months.ordered_month between periods.first_month and periods.last_month
    group by
        person_months.shop_id,
        periods.period_key,
        person_months.person_id

),

counted as (

    select
        shop_id,
        period_key,
        count(*) as customer_count,
        count(case when is_returning then 1 end) as returning_customer_count,
        cast(sum(order_count) as bigint) as order_count,
        cast(sum(repeat_order_count) as bigint) as repeat_order_count
    from by_person
    group by
        shop_id,
        period_key

),

rated as (

    select
        *,
        cast(returning_customer_count as double) / nullif(customer_count, 0) as returning_customer_share,
        cast(repeat_order_count as double) / nullif(order_count, 0) as repeat_order_share
    from counted

)

select * from rated
