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
        {{ months_between('cells.cohort_from_on', 'as_of.as_of_month') }} as cohort_age_months,
        {{ add_months_on('as_of.as_of_month', -11) }} as year_from_month,
        (extract(month from cells.cohort_from_on) - 1) % 3 as month_of_quarter
    from cells
    inner join as_of
        on cells.shop_id = as_of.shop_id

),

of_months as (

    select * from dated
    where cohort_grain = 'month'

),

by_grain as (

    select
        dated.*,
        cohort_grain as summed_grain,
        cohort_from_on as summed_from_on
    from dated

    union all

    select
        of_months.*,
        'quarter' as summed_grain,
        {{ add_months_on('cohort_from_on', '-month_of_quarter') }} as summed_from_on
    from of_months

    union all

    select
        of_months.*,
        'pooled_12' as summed_grain,
        year_from_month as summed_from_on
    from of_months
    where cohort_age_months between 0 and 11

    union all

    select
        of_months.*,
        'pooled_all' as summed_grain,
        min(cohort_from_on) over (partition by shop_id, cohort_basis) as summed_from_on
    from of_months

),

summed_up as (

    select
        shop_id,
        cohort_basis,
        summed_grain as cohort_grain,
        summed_from_on as cohort_from_on,
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
        cohort_basis,
        summed_grain,
        summed_from_on,
        period_unit,
        period_number
    having max(case when has_begun then 1 else 0 end) = 1

)

select * from summed_up
