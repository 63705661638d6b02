{#
    Long for the three first events and the units each is counted in: months, and with them quarters and
    pools, in calendar months; weeks in calendar weeks; both in spans of days.
#}
{%- set counted_in = [
    ('month', 'cohort_month', 'calendar_month', 'complete_months'),
    ('month', 'cohort_month', 'days_30', 'complete_days_30'),
    ('month', 'cohort_month', 'day_bracket', 'complete_brackets'),
    ('week', 'cohort_week_on', 'calendar_week', 'complete_weeks'),
    ('week', 'cohort_week_on', 'day_bracket', 'complete_brackets'),
] %}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

settings as (

    select * from {{ ref('int_run__settings') }}

),

sales as (

    select * from {{ ref('int_orders__sales') }}

),

sessions as (

    select * from {{ ref('int_sessions__built') }}

),

described as (

    select * from {{ ref('int_persons__described') }}

),

seen as (

    select * from {{ ref('int_persons__seen') }}

),

first_orders as (

    select
        shop_id,
        person_id,
        ordered_at as began_at,
        ordered_on as began_on
    from sales
    where purchase_no = 1

),

first_visits as (

    select
        shop_id,
        person_id,
        min(started_at) as began_at,
        min(started_on) as began_on
    from sessions
    group by
        shop_id,
        person_id

),

-- Who had ordered before had been there, though no log saw it: the visit on record is not the first.
first_events as (

    select
        shop_id,
        person_id,
        'first_order' as cohort_basis,
        began_at,
        began_on
    from first_orders

    union all

    select
        first_visits.shop_id,
        first_visits.person_id,
        'first_visit' as cohort_basis,
        first_visits.began_at,
        first_visits.began_on
    from first_visits
    left join first_orders
        on
            first_visits.shop_id = first_orders.shop_id
            and first_visits.person_id = first_orders.person_id
    where
        first_orders.began_on is null
        or first_orders.began_on >= first_visits.began_on

    union all

    select
        shop_id,
        person_id,
        'registration' as cohort_basis,
        registered_at as began_at,
        registered_on as began_on
    from described
    where registered_at is not null

),

-- Who was known before the shop's history begins is not new, whatever they did first in it.
dated as (

    select
        first_events.*,
        {{ month_of('first_events.began_on') }} as cohort_month,
        {{ week_of('first_events.began_on', 'settings.week_start') }} as cohort_week_on,
        as_of.as_of_month,
        {{ week_of('as_of.as_of_on', 'settings.week_start') }} as as_of_week_on,
        {{ days_between('first_events.began_at', 'as_of.as_of_at') }} as exposed_days
    from first_events
    inner join as_of
        on first_events.shop_id = as_of.shop_id
    inner join settings
        on first_events.shop_id = settings.shop_id
    left join seen
        on
            first_events.shop_id = seen.shop_id
            and first_events.person_id = seen.person_id
    where
        first_events.began_at < as_of.as_of_at
        and not coalesce(seen.first_seen_on < settings.history_from_on, false)

),

-- A month or week counts as lived through once the next has begun; days once they have passed whole.
counted as (

    select
        *,
        {{ months_between('cohort_month', 'as_of_month') }} as complete_months,
        cast({{ days_between('cohort_week_on', 'as_of_week_on') }} / 7 as bigint) as complete_weeks,
        cast(floor(exposed_days / 30.0) as bigint) as complete_days_30,
        cast({{ bracket_of('exposed_days') }} as bigint) as complete_brackets
    from dated

),

by_unit as (

    {% for cohort_grain, cohort_from_on, period_unit, complete_count in counted_in %}
    select
        shop_id,
        cohort_basis,
        '{{ cohort_grain }}' as cohort_grain,
        '{{ period_unit }}' as period_unit,
        person_id,
        {{ complete_count }} as complete_count,
        {{ cohort_from_on }} as cohort_from_on,
        began_at,
        began_on,
        complete_weeks
    from counted
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- Cohorts by week are those of the last year: a longer list is nobody's to read.
chosen as (

    select
        shop_id,
        cohort_basis,
        cohort_grain,
        period_unit,
        person_id,
        complete_count,
        cohort_from_on,
        began_at,
        began_on
    from by_unit
    where cohort_grain = 'month' or complete_weeks < 52

)

select * from chosen
