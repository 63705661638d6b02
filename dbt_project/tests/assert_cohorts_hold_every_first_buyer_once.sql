-- A row is a shop and grain whose cohorts, taken together, are not its first buyers, or whose orders in
-- periods that are over are not those of fct_person_months.
with

retention as (

    select * from {{ ref('rpt_cohort_retention') }}

),

person_months as (

    select * from {{ ref('fct_person_months') }}

),

first_buyers as (

    select
        shop_id,
        count(distinct person_id) as person_count,
        -- Month 0 holds everybody, over or not.
        count(case when month_number = 0 or is_complete then 1 end) as person_month_count
    from person_months
    where not is_before_history
    group by shop_id

),

in_cohorts as (

    select
        shop_id,
        cohort_grain,
        sum(case when period_number = 0 then cohort_person_count end) as person_count,
        sum(retained_person_count) as person_month_count
    from retention
    where
        cohort_basis = 'first_order'
        and variant = 'classic'
        and period_unit = 'calendar_month'
        and cohort_grain in ('month', 'quarter', 'pooled_all')
    group by
        shop_id,
        cohort_grain

)

select
    first_buyers.shop_id,
    in_cohorts.cohort_grain,
    first_buyers.person_count,
    in_cohorts.person_count as cohort_person_count,
    first_buyers.person_month_count,
    in_cohorts.person_month_count as cohort_person_month_count
from first_buyers
left join in_cohorts
    on first_buyers.shop_id = in_cohorts.shop_id
where
    -- A shop whose buyers were all known before its history has no cohort to compare.
    first_buyers.person_count > 0
    and not coalesce(
        first_buyers.person_count = in_cohorts.person_count
        and first_buyers.person_month_count = in_cohorts.person_month_count,
        false
    )
