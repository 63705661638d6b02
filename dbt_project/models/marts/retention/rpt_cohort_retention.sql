with

sums as (

    select * from {{ ref('int_orders__cohort_sums') }}

),

-- Period 0 of a first order holds everybody from the first day: nobody has to live through it to have
-- ordered in it. A visit or a registration is no order.
watched as (

    select
        *,
        {{ month_of('cohort_from_on') }} as cohort_month,
        case period_unit
            when 'days_30' then 30 * period_number
            when 'day_bracket' then {{ bracket_days('period_number') }}
        end as from_days,
        case period_unit
            when 'days_30' then 30 * (period_number + 1)
            when 'day_bracket' then {{ bracket_days('period_number + 1') }}
        end as until_days,
        cohort_basis = 'first_order' and period_number = 0 as holds_everybody
    from sums

),

by_variant as (

    select
        watched.*,
        case when period_unit = 'day_bracket' then 'bracket' else 'classic' end as variant,
        case when holds_everybody then cohort_person_count else exposed_person_count end
            as watched_person_count,
        case when holds_everybody then cohort_person_count else classic_person_count end
            as retained_person_count
    from watched

    union all

    select
        watched.*,
        'cumulative' as variant,
        exposed_person_count as watched_person_count,
        cumulative_person_count as retained_person_count
    from watched
    where period_unit <> 'day_bracket'

    union all

    select
        watched.*,
        'on_or_after' as variant,
        case when holds_everybody then cohort_person_count else exposed_person_count end
            as watched_person_count,
        case when holds_everybody then cohort_person_count else later_person_count end
            as retained_person_count
    from watched
    where period_unit <> 'day_bracket'

),

rated as (

    select
        shop_id,
        cohort_basis,
        cohort_grain,
        cohort_from_on,
        cohort_month,
        period_unit,
        variant,
        period_number,
        cast(from_days as bigint) as from_days,
        cast(until_days as bigint) as until_days,
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
