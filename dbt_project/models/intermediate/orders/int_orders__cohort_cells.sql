{#
    Counts by cohort month or week; a person stands in one of each per basis, so quarters and pools add
    the months up. Long, so that persons and money are counted over the same cells in one place.
#}

with

members as (

    select * from {{ ref('int_orders__cohort_members') }}

),

periods as (

    select * from {{ ref('int_orders__cohort_periods') }}

),

shop_days as (

    select * from {{ ref('stg_shop_days') }}

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

came_back as (

    select
        shop_id,
        cohort_basis,
        cohort_grain,
        period_unit,
        person_id,
        min(case when has_further_order then period_number end) as further_number,
        max(period_number) as last_number
    from periods
    group by
        shop_id,
        cohort_basis,
        cohort_grain,
        period_unit,
        person_id

),

alike as (

    select
        members.shop_id,
        members.cohort_basis,
        members.cohort_grain,
        members.cohort_from_on,
        members.period_unit,
        members.complete_count,
        came_back.further_number,
        came_back.last_number,
        count(*) as person_count
    from members
    left join came_back
        on
            members.shop_id = came_back.shop_id
            and members.cohort_basis = came_back.cohort_basis
            and members.cohort_grain = came_back.cohort_grain
            and members.period_unit = came_back.period_unit
            and members.person_id = came_back.person_id
    group by
        members.shop_id,
        members.cohort_basis,
        members.cohort_grain,
        members.cohort_from_on,
        members.period_unit,
        members.complete_count,
        came_back.further_number,
        came_back.last_number

),

cohorts as (

    select
        shop_id,
        cohort_basis,
        cohort_grain,
        cohort_from_on,
        period_unit,
        sum(person_count) as cohort_person_count,
        max(complete_count) as longest_count
    from alike
    group by
        shop_id,
        cohort_basis,
        cohort_grain,
        cohort_from_on,
        period_unit

),

-- Half a year of weeks: what comes later is read in months. There are six brackets of days.
spans as (

    select
        shop_id,
        cohort_basis,
        cohort_grain,
        period_unit,
        case period_unit
            when 'calendar_week' then least(max(longest_count), 26)
            when 'day_bracket' then least(max(longest_count), 5)
            else max(longest_count)
        end as last_number
    from cohorts
    group by
        shop_id,
        cohort_basis,
        cohort_grain,
        period_unit

),

-- Every cohort over the longest span, so that a pool knows its whole size in every period.
grid as (

    select
        cohorts.shop_id,
        cohorts.cohort_basis,
        cohorts.cohort_grain,
        cohorts.cohort_from_on,
        cohorts.period_unit,
        numbers.period_number,
        cohorts.cohort_person_count,
        numbers.period_number <= cohorts.longest_count as has_begun
    from cohorts
    inner join spans
        on
            cohorts.shop_id = spans.shop_id
            and cohorts.cohort_basis = spans.cohort_basis
            and cohorts.cohort_grain = spans.cohort_grain
            and cohorts.period_unit = spans.period_unit
    inner join numbers
        on
            cohorts.shop_id = numbers.shop_id
            and numbers.period_number <= spans.last_number

),

exposed as (

    select
        grid.shop_id,
        grid.cohort_basis,
        grid.cohort_grain,
        grid.cohort_from_on,
        grid.period_unit,
        grid.period_number,
        grid.cohort_person_count,
        grid.has_begun,
        coalesce(sum(alike.person_count), 0) as exposed_person_count,
        coalesce(sum(case when alike.further_number <= grid.period_number then alike.person_count end), 0)
            as cumulative_person_count,
        coalesce(sum(case when alike.last_number >= grid.period_number then alike.person_count end), 0)
            as later_person_count
    from grid
    left join alike
        on
            grid.shop_id = alike.shop_id
            and grid.cohort_basis = alike.cohort_basis
            and grid.cohort_grain = alike.cohort_grain
            and grid.cohort_from_on = alike.cohort_from_on
            and grid.period_unit = alike.period_unit
            and alike.complete_count > grid.period_number
    group by
        grid.shop_id,
        grid.cohort_basis,
        grid.cohort_grain,
        grid.cohort_from_on,
        grid.period_unit,
        grid.period_number,
        grid.cohort_person_count,
        grid.has_begun

),

-- By the period orders came in and by how long their persons have been watched.
spent as (

    select
        shop_id,
        cohort_basis,
        cohort_grain,
        cohort_from_on,
        period_unit,
        period_number,
        complete_count,
        count(*) as person_count,
        sum(revenue_amount) as revenue_amount
    from periods
    group by
        shop_id,
        cohort_basis,
        cohort_grain,
        cohort_from_on,
        period_unit,
        period_number,
        complete_count

),

spent_by_age as (

    select
        grid.shop_id,
        grid.cohort_basis,
        grid.cohort_grain,
        grid.cohort_from_on,
        grid.period_unit,
        grid.period_number,
        sum(case when spent.period_number = grid.period_number then spent.person_count end)
            as person_count,
        sum(case when spent.period_number = grid.period_number then spent.revenue_amount end)
            as revenue_amount,
        sum(spent.revenue_amount) as cumulative_revenue_amount
    from grid
    inner join spent
        on
            grid.shop_id = spent.shop_id
            and grid.cohort_basis = spent.cohort_basis
            and grid.cohort_grain = spent.cohort_grain
            and grid.cohort_from_on = spent.cohort_from_on
            and grid.period_unit = spent.period_unit
            and grid.period_number >= spent.period_number
            and grid.period_number < spent.complete_count
    group by
        grid.shop_id,
        grid.cohort_basis,
        grid.cohort_grain,
        grid.cohort_from_on,
        grid.period_unit,
        grid.period_number

),

joined as (

    select
        exposed.shop_id,
        exposed.cohort_basis,
        exposed.cohort_grain,
        exposed.cohort_from_on,
        exposed.period_unit,
        exposed.period_number,
        exposed.has_begun,
        cast(exposed.cohort_person_count as bigint) as cohort_person_count,
        cast(exposed.exposed_person_count as bigint) as exposed_person_count,
        -- Nobody who ordered is a count of none.
        cast(coalesce(spent_by_age.person_count, 0) as bigint) as classic_person_count,
        cast(exposed.cumulative_person_count as bigint) as cumulative_person_count,
        cast(exposed.later_person_count as bigint) as later_person_count,
        -- Nobody who spent is money of none.
        cast(coalesce(spent_by_age.revenue_amount, 0) as decimal(18, 4)) as revenue_amount,
        cast(coalesce(spent_by_age.cumulative_revenue_amount, 0) as decimal(18, 4))
            as cumulative_revenue_amount
    from exposed
    left join spent_by_age
        on
            exposed.shop_id = spent_by_age.shop_id
            and exposed.cohort_basis = spent_by_age.cohort_basis
            and exposed.cohort_grain = spent_by_age.cohort_grain
            and exposed.cohort_from_on = spent_by_age.cohort_from_on
            and exposed.period_unit = spent_by_age.period_unit
            and exposed.period_number = spent_by_age.period_number

)

select * from joined
