-- A row is a cohort of which two reports count the same span of days differently: the brackets of 30 to
-- 59 and 60 to 89 days are the second and third month of 30 days, and whoever ordered again within 30,
-- 60, 90 or 180 days of the first order is in the repeat rate as in the cumulative retention.
with

retention as (

    select * from {{ ref('rpt_cohort_retention') }}

),

repeats as (

    select * from {{ ref('rpt_repeat_rate') }}

),

of_brackets as (

    select
        shop_id,
        cohort_basis,
        cohort_grain,
        cohort_from_on,
        from_days,
        until_days,
        exposed_person_count,
        retained_person_count
    from retention
    where
        period_unit = 'day_bracket'
        and cohort_grain <> 'week'
        and from_days in (30, 60)
        and until_days = from_days + 30

),

of_30_days as (

    select * from retention
    where
        period_unit = 'days_30'
        and variant = 'classic'

),

of_repeats as (

    select
        shop_id,
        within_days as until_days,
        eligible_person_count,
        repeated_person_count
    from repeats
    where
        period_key = 'all'
        and from_order_no = 1
        and within_days in (30, 60, 90, 180)

),

cumulated as (

    select * from retention
    where
        period_unit = 'days_30'
        and variant = 'cumulative'
        and cohort_basis = 'first_order'
        and cohort_grain = 'pooled_all'
        and exposed_person_count > 0

),

compared as (

    select
        of_brackets.shop_id,
        of_brackets.cohort_basis,
        of_brackets.cohort_grain,
        of_brackets.cohort_from_on,
        of_brackets.until_days,
        of_brackets.exposed_person_count,
        of_brackets.retained_person_count,
        of_30_days.exposed_person_count as other_exposed_person_count,
        of_30_days.retained_person_count as other_retained_person_count
    from of_brackets
    left join of_30_days
        on
            of_brackets.shop_id = of_30_days.shop_id
            and of_brackets.cohort_basis = of_30_days.cohort_basis
            and of_brackets.cohort_grain = of_30_days.cohort_grain
            and of_brackets.cohort_from_on = of_30_days.cohort_from_on
            and of_brackets.from_days = of_30_days.from_days
    where of_brackets.exposed_person_count > 0

    union all

    select
        coalesce(of_repeats.shop_id, cumulated.shop_id) as shop_id,
        'first_order' as cohort_basis,
        'pooled_all' as cohort_grain,
        cumulated.cohort_from_on,
        coalesce(of_repeats.until_days, cumulated.until_days) as until_days,
        cumulated.exposed_person_count,
        cumulated.retained_person_count,
        of_repeats.eligible_person_count as other_exposed_person_count,
        of_repeats.repeated_person_count as other_retained_person_count
    from of_repeats
    full join cumulated
        on
            of_repeats.shop_id = cumulated.shop_id
            and of_repeats.until_days = cumulated.until_days
    where coalesce(of_repeats.until_days, cumulated.until_days) in (30, 60, 90, 180)

)

select *
from compared
where
    not coalesce(
        exposed_person_count = other_exposed_person_count
        and retained_person_count = other_retained_person_count,
        false
    )
