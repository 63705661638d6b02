with

settings as (

    select * from {{ ref('int_run__settings') }}

),

signals as (

    select * from {{ ref('int_motivation__signals') }}

),

weights as (

    select * from {{ ref('stg_motivation_weights') }}

),

windows as (

    select * from {{ ref('int_motivation__windows') }}

),

-- From the newest signal backwards: what still counts once the older ones have left the seven days.
counted as (

    select
        signals.shop_id,
        signals.person_id,
        signals.signal_at,
        signals.signal_count,
        weights.points,
        weights.daily_cap,
        sum(signals.signal_count) over (
            partition by
                signals.shop_id, signals.person_id, signals.weight_key, signals.signal_on
            order by signals.signal_at desc
        ) as count_since
    from signals
    inner join windows
        on
            signals.shop_id = windows.shop_id
            and signals.person_id = windows.person_id
            and signals.signal_at >= windows.rolling_from_at
    inner join weights
        on
            signals.shop_id = weights.shop_id
            and signals.weight_key = weights.weight_key

),

added as (

    select
        shop_id,
        person_id,
        signal_at,
        sum(
            (least(count_since, daily_cap) - least(count_since - signal_count, daily_cap)) * points
        ) as points_added
    from counted
    group by
        shop_id,
        person_id,
        signal_at

),

scored as (

    select
        shop_id,
        person_id,
        signal_at,
        sum(points_added) over (
            partition by shop_id, person_id
            order by signal_at desc
        ) as score_since
    from added

),

fading as (

    select
        scored.shop_id,
        scored.person_id,
        cast(max(scored.score_since) as bigint) as rolling_score,
        {{ add_days('max(scored.signal_at)', 7) }} as high_until_at
    from scored
    inner join settings
        on
            scored.shop_id = settings.shop_id
            and scored.score_since >= settings.motivation_high
    group by
        scored.shop_id,
        scored.person_id

)

select * from fading
