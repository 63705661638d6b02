with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

periods as (

    select * from {{ ref('int_run__periods') }}

),

shop_days as (

    select * from {{ ref('stg_shop_days') }}

),

phases as (

    select * from {{ ref('dim_person_phases') }}

),

-- The last twelve months; the running one ends now.
months as (

    select
        periods.shop_id,
        periods.first_month as transition_month,
        first_days.starts_at,
        coalesce(next_days.starts_at <= as_of.as_of_at, false) as is_complete,
        least(coalesce(next_days.starts_at, as_of.as_of_at), as_of.as_of_at) as ends_at
    from periods
    inner join as_of
        on periods.shop_id = as_of.shop_id
    inner join shop_days as first_days
        on
            periods.shop_id = first_days.shop_id
            and periods.first_month = first_days.day_on
    left join shop_days as next_days
        on
            periods.shop_id = next_days.shop_id
            and next_days.day_on = {{ add_months_on('periods.first_month', 1) }}
    where
        periods.period_kind = 'month'
        and {{ months_between('periods.first_month', 'as_of.as_of_month') }} < 12

),

at_end as (

    select
        months.shop_id,
        months.transition_month,
        months.is_complete,
        months.starts_at,
        phases.person_id,
        phases.phase
    from months
    inner join phases
        on
            months.shop_id = phases.shop_id
            and phases.valid_from_at < months.ends_at
            and (
                phases.valid_to_at is null
                or phases.valid_to_at >= months.ends_at
            )

),

at_start as (

    select
        months.shop_id,
        months.transition_month,
        phases.person_id,
        phases.phase
    from months
    inner join phases
        on
            months.shop_id = phases.shop_id
            and phases.valid_from_at < months.starts_at
            and (
                phases.valid_to_at is null
                or phases.valid_to_at >= months.starts_at
            )

),

counted as (

    select
        at_end.shop_id,
        at_end.transition_month,
        at_end.is_complete,
        -- Not seen before the month began.
        coalesce(at_start.phase, 'unseen') as from_phase,
        at_end.phase as to_phase,
        count(*) as person_count
    from at_end
    left join at_start
        on
            at_end.shop_id = at_start.shop_id
            and at_end.transition_month = at_start.transition_month
            and at_end.person_id = at_start.person_id
    group by
        at_end.shop_id,
        at_end.transition_month,
        at_end.is_complete,
        coalesce(at_start.phase, 'unseen'),
        at_end.phase

),

shared as (

    select
        shop_id,
        transition_month,
        from_phase,
        to_phase,
        is_complete,
        from_phase <> to_phase as has_moved,
        person_count,
        cast(
            sum(person_count) over (
                partition by shop_id, transition_month, from_phase
            ) as bigint
        ) as from_person_count
    from counted

),

rated as (

    select
        *,
        cast(person_count as double) / nullif(from_person_count, 0) as transition_rate
    from shared

)

select * from rated
