with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

cells as (

    select * from {{ ref('int_orders__cohort_cells') }}

),

dated as (

    select
        cells.*,
        {{ months_between('cells.cohort_month', 'as_of.as_of_month') }} as cohort_age_months,
        {{ add_months_on('as_of.as_of_month', -11) }} as year_from_month,
        (extract(month from cells.cohort_month) - 1) % 3 as month_of_quarter
    from cells
    inner join as_of
        on cells.shop_id = as_of.shop_id

),

by_grain as (

    select
        dated.*,
        'month' as cohort_grain,
        cohort_month as grain_month
    from dated

    union all

    select
        dated.*,
        'quarter' as cohort_grain,
        {{ add_months_on('cohort_month', '-month_of_quarter') }} as grain_month
    from dated

    union all

    select
        dated.*,
        'pooled_12' as cohort_grain,
        year_from_month as grain_month
    from dated
    where cohort_age_months between 0 and 11

    union all

    select
        dated.*,
        'pooled_all' as cohort_grain,
        min(cohort_month) over (partition by shop_id) as grain_month
    from dated

),

summed_up as (

    select
        shop_id,
        cohort_grain,
        grain_month as cohort_month,
        period_unit,
        period_number,
        cast(sum(cohort_person_count) as bigint) as cohort_person_count,
        cast(sum(exposed_person_count) as bigint) as exposed_person_count,
        cast(sum(classic_person_count) as bigint) as classic_person_count,
        cast(sum(cumulative_person_count) as bigint) as cumulative_person_count,
        cast(sum(later_person_count) as bigint) as later_person_count,
        cast(sum(revenue_amount) as decimal(18, 4)) as revenue_amount,
        cast(sum(cumulative_revenue_amount) as decimal(18, 4)) as cumulative_revenue_amount
    from by_grain
    group by
        shop_id,
        cohort_grain,
        grain_month,
        period_unit,
        period_number
    having max(case when has_begun then 1 else 0 end) = 1

)

select * from summed_up
