with

periods as (

    select * from {{ ref('int_run__periods') }}

),

outcomes as (

    select * from {{ ref('fct_recovery_outcomes') }}

),

stages as (

    select
        cast(1 as bigint) as stage_order,
        'abandoned' as reach_stage
    union all
    select
        2 as stage_order,
        'identified' as reach_stage
    union all
    select
        3 as stage_order,
        'has_address' as reach_stage
    union all
    select
        4 as stage_order,
        'consented' as reach_stage
    union all
    select
        5 as stage_order,
        'not_suppressed' as reach_stage
    union all
    select
        6 as stage_order,
        'sent' as reach_stage
    union all
    select
        7 as stage_order,
        'delivered' as reach_stage

),

-- Who came as far as a stage came through all before it.
reached as (

    select
        shop_id,
        person_id,
        abandoned_month,
        case
            when is_handed_over and is_delivered then 7
            when is_handed_over then 6
            when is_reachable then 5
            when has_consent then 4
            when has_address then 3
            when is_identified then 2
            else 1
        end as last_stage_order
    from outcomes

),

counted as (

    select
        periods.shop_id,
        periods.period_key,
        stages.reach_stage,
        stages.stage_order,
        count(reached.shop_id) as episode_count,
        count(distinct reached.person_id) as person_count
    from periods
    cross join stages
    left join reached
        on
            periods.shop_id = reached.shop_id
            and periods.first_month <= reached.abandoned_month
            and periods.last_month >= reached.abandoned_month
            and stages.stage_order <= reached.last_stage_order
    group by
        periods.shop_id,
        periods.period_key,
        stages.reach_stage,
        stages.stage_order

)

select * from counted
