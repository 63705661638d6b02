-- A row is a cohort that has lost people who had already come back: for one and the same population the
-- cumulative count can only grow, and what comes later can only shrink.
with

retention as (

    select * from {{ ref('rpt_cohort_retention') }}

),

paired as (

    select
        earlier.shop_id,
        earlier.cohort_basis,
        earlier.cohort_grain,
        earlier.cohort_from_on,
        earlier.period_unit,
        earlier.variant,
        earlier.period_number,
        earlier.retained_person_count,
        later.retained_person_count as next_retained_person_count
    from retention as earlier
    inner join retention as later
        on
            earlier.shop_id = later.shop_id
            and earlier.cohort_basis = later.cohort_basis
            and earlier.cohort_grain = later.cohort_grain
            and earlier.cohort_from_on = later.cohort_from_on
            and earlier.period_unit = later.period_unit
            and earlier.variant = later.variant
            and earlier.period_number + 1 = later.period_number
    where
        earlier.is_mature
        and later.is_mature

)

select *
from paired
where
    (variant = 'cumulative' and next_retained_person_count < retained_person_count)
    or (variant = 'on_or_after' and next_retained_person_count > retained_person_count)
