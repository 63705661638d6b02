with

retention as (

    select * from {{ ref('rpt_cohort_retention') }}

),

-- What is still growing has no mean over cohorts of different age.
comparable as (

    select * from retention
    where
        not is_growing
        and cohort_grain in ('week', 'month', 'quarter')
        and exposed_person_count > 0

),

averaged as (

    select
        shop_id,
        cohort_basis,
        cohort_grain,
        period_unit,
        variant,
        period_number,
        count(*) as cohort_count,
        count(case when is_mature then 1 end) as mature_cohort_count,
        cast(sum(exposed_person_count) as bigint) as exposed_person_count,
        cast(sum(retained_person_count) as bigint) as retained_person_count,
        -- Rounded, so that the order in which a sum was made does not change the last digit.
        round(avg(case when is_mature then retention_rate end), 12) as simple_retention_rate
    from comparable
    group by
        shop_id,
        cohort_basis,
        cohort_grain,
        period_unit,
        variant,
        period_number

),

rated as (

    select
        shop_id,
        cohort_basis,
        cohort_grain,
        period_unit,
        variant,
        period_number,
        cohort_count,
        mature_cohort_count,
        exposed_person_count,
        retained_person_count,
        cast(retained_person_count as double) / nullif(exposed_person_count, 0) as retention_rate,
        simple_retention_rate
    from averaged

)

select * from rated
