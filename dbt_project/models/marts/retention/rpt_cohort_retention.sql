with

sums as (

    select * from {{ ref('int_orders__cohort_sums') }}

),

-- Period 0 holds everybody from the first day: nobody has to live through it to have ordered in it.
by_variant as (

    select
        sums.*,
        'classic' as variant,
        case when period_number = 0 then cohort_person_count else exposed_person_count end
            as watched_person_count,
        case when period_number = 0 then cohort_person_count else classic_person_count end
            as retained_person_count
    from sums

    union all

    select
        sums.*,
        'cumulative' as variant,
        exposed_person_count as watched_person_count,
        cumulative_person_count as retained_person_count
    from sums

    union all

    select
        sums.*,
        'on_or_after' as variant,
        case when period_number = 0 then cohort_person_count else exposed_person_count end
            as watched_person_count,
        case when period_number = 0 then cohort_person_count else later_person_count end
            as retained_person_count
    from sums

),

rated as (

    select
        shop_id,
        cohort_grain,
        cohort_month,
        period_unit,
        variant,
        period_number,
        watched_person_count = cohort_person_count as is_mature,
        watched_person_count > 0 and watched_person_count < cohort_person_count as is_partial,
        variant = 'on_or_after' as is_growing,
        cohort_person_count,
        watched_person_count as exposed_person_count,
        retained_person_count,
        cast(retained_person_count as double) / nullif(watched_person_count, 0) as retention_rate
    from by_variant

)

select * from rated
