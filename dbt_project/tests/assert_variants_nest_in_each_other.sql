-- A row is a cell in which who ordered in the period is not among those who ordered in it or later; or
-- one whose watched persons differ by variant; or one whose period holds somebody who has ordered, but
-- not by its end.
with

retention as (

    select * from {{ ref('rpt_cohort_retention') }}

),

side_by_side as (

    select
        shop_id,
        cohort_basis,
        cohort_grain,
        cohort_from_on,
        period_unit,
        period_number,
        count(distinct variant) as variant_count,
        -- Period 0 of a first order is watched from the first day on, but for further orders.
        count(
            distinct case
                when variant <> 'cumulative' or period_number > 0 or cohort_basis <> 'first_order'
                    then exposed_person_count
            end
        ) as watched_count,
        max(case when variant = 'classic' then retained_person_count end) as classic_count,
        max(case when variant = 'on_or_after' then retained_person_count end) as later_count,
        max(case when variant = 'cumulative' then retained_person_count end) as cumulative_count
    from retention
    where variant <> 'bracket'
    group by
        shop_id,
        cohort_basis,
        cohort_grain,
        cohort_from_on,
        period_unit,
        period_number

)

select *
from side_by_side
where
    variant_count <> 3
    or watched_count <> 1
    or classic_count > later_count
    or (classic_count > cumulative_count and (period_number > 0 or cohort_basis <> 'first_order'))
