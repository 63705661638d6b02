{#
    Counts by cohort month; a person stands in one cohort month, so quarters and pools add them up.
    Both units run through the same steps, side by side: long, but counted in one place.
#}

with

aged as (

    select * from {{ ref('int_orders__aged') }}

),

shop_days as (

    select * from {{ ref('stg_shop_days') }}

),

by_unit as (

    select
        shop_id,
        person_id,
        cohort_month,
        purchase_no,
        revenue_amount,
        'calendar_month' as period_unit,
        calendar_month_number as period_number,
        complete_months as complete_count
    from aged
    where not is_before_history

    union all

    select
        shop_id,
        person_id,
        cohort_month,
        purchase_no,
        revenue_amount,
        'days_30' as period_unit,
        days_30_number as period_number,
        complete_days_30 as complete_count
    from aged
    where not is_before_history

),

persons as (

    select
        shop_id,
        person_id,
        cohort_month,
        period_unit,
        complete_count,
        min(case when purchase_no > 1 then period_number end) as second_number,
        max(period_number) as last_number
    from by_unit
    group by
        shop_id,
        person_id,
        cohort_month,
        period_unit,
        complete_count

),

-- The days of the shop serve as the numbers 0, 1, 2 ...
numbers as (

    select
        shop_id,
        row_number() over (
            partition by shop_id
            order by day_on asc
        ) - 1 as period_number
    from shop_days

),

cohorts as (

    select
        shop_id,
        cohort_month,
        period_unit,
        count(*) as cohort_person_count,
        max(complete_count) as longest_count
    from persons
    group by
        shop_id,
        cohort_month,
        period_unit

),

spans as (

    select
        shop_id,
        period_unit,
        max(longest_count) as longest_count
    from cohorts
    group by
        shop_id,
        period_unit

),

-- Every cohort over the longest span, so that a pool knows its whole size in every period.
grid as (

    select
        cohorts.shop_id,
        cohorts.cohort_month,
        cohorts.period_unit,
        numbers.period_number,
        cohorts.cohort_person_count,
        numbers.period_number <= cohorts.longest_count as has_begun
    from cohorts
    inner join spans
        on
            cohorts.shop_id = spans.shop_id
            and cohorts.period_unit = spans.period_unit
    inner join numbers
        on
            cohorts.shop_id = numbers.shop_id
            and numbers.period_number <= spans.longest_count

),

alike as (

    select
        shop_id,
        cohort_month,
        period_unit,
        complete_count,
        second_number,
        last_number,
        count(*) as person_count
    from persons
    group by
        shop_id,
        cohort_month,
        period_unit,
        complete_count,
        second_number,
        last_number

),

exposed as (

    select
        grid.shop_id,
        grid.cohort_month,
        grid.period_unit,
        grid.period_number,
        grid.cohort_person_count,
        grid.has_begun,
        coalesce(sum(alike.person_count), 0) as exposed_person_count,
        coalesce(sum(case when alike.second_number <= grid.period_number then alike.person_count end), 0)
            as cumulative_person_count,
        coalesce(sum(case when alike.last_number >= grid.period_number then alike.person_count end), 0)
            as later_person_count
    from grid
    left join alike
        on
            grid.shop_id = alike.shop_id
            and grid.cohort_month = alike.cohort_month
            and grid.period_unit = alike.period_unit
            and alike.complete_count > grid.period_number
    group by
        grid.shop_id,
        grid.cohort_month,
        grid.period_unit,
        grid.period_number,
        grid.cohort_person_count,
        grid.has_begun

),

ordered_in_period as (

    select
        shop_id,
        cohort_month,
        period_unit,
        period_number,
        count(distinct person_id) as person_count
    from by_unit
    where complete_count > period_number
    group by
        shop_id,
        cohort_month,
        period_unit,
        period_number

),

-- Money by the period it came in and by how long its person has been watched.
spent as (

    select
        shop_id,
        cohort_month,
        period_unit,
        period_number,
        complete_count,
        sum(revenue_amount) as revenue_amount
    from by_unit
    group by
        shop_id,
        cohort_month,
        period_unit,
        period_number,
        complete_count

),

spent_by_age as (

    select
        grid.shop_id,
        grid.cohort_month,
        grid.period_unit,
        grid.period_number,
        sum(case when spent.period_number = grid.period_number then spent.revenue_amount end)
            as revenue_amount,
        sum(spent.revenue_amount) as cumulative_revenue_amount
    from grid
    inner join spent
        on
            grid.shop_id = spent.shop_id
            and grid.cohort_month = spent.cohort_month
            and grid.period_unit = spent.period_unit
            and grid.period_number >= spent.period_number
            and grid.period_number < spent.complete_count
    group by
        grid.shop_id,
        grid.cohort_month,
        grid.period_unit,
        grid.period_number

),

joined as (

    select
        exposed.shop_id,
        exposed.cohort_month,
        exposed.period_unit,
        exposed.period_number,
        exposed.has_begun,
        exposed.cohort_person_count,
        cast(exposed.exposed_person_count as bigint) as exposed_person_count,
        -- Nobody who ordered is a count of none.
        coalesce(ordered_in_period.person_count, 0) as classic_person_count,
        cast(exposed.cumulative_person_count as bigint) as cumulative_person_count,
        cast(exposed.later_person_count as bigint) as later_person_count,
        -- Nobody who spent is money of none.
        cast(coalesce(spent_by_age.revenue_amount, 0) as decimal(18, 4)) as revenue_amount,
        cast(coalesce(spent_by_age.cumulative_revenue_amount, 0) as decimal(18, 4))
            as cumulative_revenue_amount
    from exposed
    left join ordered_in_period
        on
            exposed.shop_id = ordered_in_period.shop_id
            and exposed.cohort_month = ordered_in_period.cohort_month
            and exposed.period_unit = ordered_in_period.period_unit
            and exposed.period_number = ordered_in_period.period_number
    left join spent_by_age
        on
            exposed.shop_id = spent_by_age.shop_id
            and exposed.cohort_month = spent_by_age.cohort_month
            and exposed.period_unit = spent_by_age.period_unit
            and exposed.period_number = spent_by_age.period_number

)

select * from joined
