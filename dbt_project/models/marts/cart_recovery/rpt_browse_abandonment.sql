with

periods as (

    select * from {{ ref('int_run__periods') }}

),

browsed as (

    select
        *,
        {{ month_of('started_on') }} as started_month
    from {{ ref('int_sessions__browsed') }}

),

abandonments as (

    select * from {{ ref('fct_browse_abandonments') }}

),

-- Months are added up before the periods that hold them: a visit stands in several of those.
monthly as (

    select
        browsed.shop_id,
        browsed.started_month,
        browsed.abandonment_kind,
        abandonments.person_id as abandoned_person_id,
        count(*) as visit_count,
        count(abandonments.session_id) as abandoned_count,
        count(case when abandonments.is_identified then 1 end) as identified_count,
        count(case when abandonments.is_mature then 1 end) as mature_count,
        count(case when abandonments.is_mature and abandonments.has_ordered_in_window then 1 end)
            as ordered_in_window_count
    from browsed
    left join abandonments
        on
            browsed.shop_id = abandonments.shop_id
            and browsed.session_id = abandonments.session_id
    group by
        browsed.shop_id,
        browsed.started_month,
        browsed.abandonment_kind,
        abandonments.person_id

),

by_kind as (

    select
        *,
        'all' as reported_kind
    from monthly

    union all

    select
        *,
        abandonment_kind as reported_kind
    from monthly

),

counted as (

    select
        by_kind.shop_id,
        periods.period_key,
        by_kind.reported_kind as abandonment_kind,
        cast(sum(by_kind.visit_count) as bigint) as visit_count,
        cast(sum(by_kind.abandoned_count) as bigint) as abandoned_count,
        count(distinct by_kind.abandoned_person_id) as abandoned_person_count,
        cast(sum(by_kind.identified_count) as bigint) as identified_count,
        cast(sum(by_kind.mature_count) as bigint) as mature_count,
        cast(sum(by_kind.ordered_in_window_count) as bigint) as ordered_in_window_count
    from by_kind
    inner join periods
        on
            by_kind.shop_id = periods.shop_id
            and by_kind.started_month >= periods.first_month
            and by_kind.started_month <= periods.last_month
    group by
        by_kind.shop_id,
        periods.period_key,
        by_kind.reported_kind

),

rated as (

    select
        shop_id,
        period_key,
        abandonment_kind,
        visit_count,
        abandoned_count,
        abandoned_person_count,
        identified_count,
        mature_count,
        ordered_in_window_count,
        cast(abandoned_count as double) / nullif(visit_count, 0) as abandonment_rate,
        cast(ordered_in_window_count as double) / nullif(mature_count, 0) as ordered_in_window_rate
    from counted

)

select * from rated
