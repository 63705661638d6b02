with

aged as (

    select * from {{ ref('int_orders__aged') }}

),

summed_up as (

    select
        shop_id,
        person_id,
        ordered_month,
        cohort_month,
        calendar_month_number as month_number,
        currency,
        is_before_history,
        calendar_month_number < complete_months as is_complete,
        count(*) as order_count,
        cast(sum(revenue_amount) as decimal(18, 4)) as revenue_amount,
        min(purchase_no) as first_purchase_no
    from aged
    group by
        shop_id,
        person_id,
        ordered_month,
        cohort_month,
        calendar_month_number,
        currency,
        is_before_history,
        complete_months

)

select * from summed_up
