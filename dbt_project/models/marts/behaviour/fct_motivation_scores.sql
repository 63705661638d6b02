{# Long for its two windows over one set of signals. #}

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

counted as (

    select
        signals.shop_id,
        signals.person_id,
        signals.weight_key,
        signals.signal_on,
        sum(
            case
                when
                    signals.signal_at >= windows.week_from_at
                    and signals.signal_at < windows.week_counts_to_at
                    then signals.signal_count
                else 0
            end
        ) as week_count,
        sum(
            case when signals.signal_at >= windows.rolling_from_at then signals.signal_count else 0 end
        ) as rolling_count
    from signals
    inner join windows
        on
            signals.shop_id = windows.shop_id
            and signals.person_id = windows.person_id
    group by
        signals.shop_id,
        signals.person_id,
        signals.weight_key,
        signals.signal_on

),

scored as (

    select
        counted.shop_id,
        counted.person_id,
        cast(sum(least(counted.week_count, weights.daily_cap) * weights.points) as bigint)
            as week_score,
        cast(sum(least(counted.rolling_count, weights.daily_cap) * weights.points) as bigint)
            as rolling_score
    from counted
    inner join weights
        on
            counted.shop_id = weights.shop_id
            and counted.weight_key = weights.weight_key
    group by
        counted.shop_id,
        counted.person_id

),

joined as (

    select
        windows.shop_id,
        windows.person_id,
        windows.has_first_week,
        windows.has_ordered_in_week,
        windows.is_final,
        windows.first_ordered_at,
        windows.week_from_at,
        windows.week_to_at,
        settings.motivation_low,
        settings.motivation_high,
        -- Who did nothing that counts has a score of none.
        case when windows.has_first_week then coalesce(scored.week_score, 0) end as week_score,
        coalesce(scored.rolling_score, 0) as rolling_score
    from windows
    inner join settings
        on windows.shop_id = settings.shop_id
    left join scored
        on
            windows.shop_id = scored.shop_id
            and windows.person_id = scored.person_id

),

banded as (

    select
        shop_id,
        person_id,
        case
            when week_score is null then null
            when week_score < motivation_low then 'low'
            when week_score < motivation_high then 'middle'
            else 'high'
        end as week_band,
        case
            when rolling_score < motivation_low then 'low'
            when rolling_score < motivation_high then 'middle'
            else 'high'
        end as rolling_band,
        case when is_final then 'final' else 'accruing' end as week_state,
        has_ordered_in_week,
        week_score,
        rolling_score,
        week_from_at,
        week_to_at,
        first_ordered_at
    from joined

)

select * from banded
