-- A row is a period whose mean over the cohorts by month or quarter, weighted by persons, is not the
-- retention of all of them in one pool; or a week, month or quarter the means left out.
with

retention as (

    select * from {{ ref('rpt_cohort_retention') }}

),

means as (

    select * from {{ ref('rpt_cohort_means') }}

),

pooled as (

    select * from retention
    where
        cohort_grain = 'pooled_all'
        and not is_growing
        and exposed_person_count > 0

),

grains as (

    select 'month' as cohort_grain
    union all
    select 'quarter' as cohort_grain

),

of_pools as (

    select
        pooled.shop_id,
        pooled.cohort_basis,
        grains.cohort_grain,
        pooled.period_unit,
        pooled.variant,
        pooled.period_number,
        pooled.exposed_person_count,
        pooled.retained_person_count
    from pooled
    cross join grains

),

of_weeks as (

    select
        shop_id,
        cohort_basis,
        cohort_grain,
        period_unit,
        variant,
        period_number,
        sum(exposed_person_count) as exposed_person_count,
        sum(retained_person_count) as retained_person_count
    from retention
    where
        cohort_grain = 'week'
        and not is_growing
        and exposed_person_count > 0
    group by
        shop_id,
        cohort_basis,
        cohort_grain,
        period_unit,
        variant,
        period_number

),

expected as (

    select * from of_pools
    union all
    select * from of_weeks

)

select
    expected.*,
    means.exposed_person_count as mean_exposed_person_count,
    means.retained_person_count as mean_retained_person_count
from expected
left join means
    on
        expected.shop_id = means.shop_id
        and expected.cohort_basis = means.cohort_basis
        and expected.cohort_grain = means.cohort_grain
        and expected.period_unit = means.period_unit
        and expected.variant = means.variant
        and expected.period_number = means.period_number
where
    not coalesce(
        expected.exposed_person_count = means.exposed_person_count
        and expected.retained_person_count = means.retained_person_count
        and abs(
            means.retention_rate
            - cast(expected.retained_person_count as double) / expected.exposed_person_count
        ) < 1e-12,
        false
    )
