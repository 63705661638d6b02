{# Long for its two windows over one set of signals. #}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

settings as (

    select * from {{ ref('int_run__settings') }}

),

signals as (

    select * from {{ ref('int_motivation__signals') }}

),

weights as (

    select * from {{ ref('stg_motivation_weights') }}

),

persons as (

    select * from {{ ref('dim_persons') }}

),

-- Before the shop's events begin nothing is known: who was seen earlier has no first week.
event_starts as (

    select
        shop_id,
        min(signal_on) as first_signal_on
    from signals
    group by shop_id

),

windows as (

    select
        persons.shop_id,
        persons.person_id,
        persons.first_seen_at as week_from_at,
        {{ add_days('persons.first_seen_at', 7) }} as week_to_at,
        least(
            {{ add_days('persons.first_seen_at', 7) }},
            coalesce(persons.first_ordered_at, {{ add_days('persons.first_seen_at', 7) }})
        ) as week_counts_to_at,
        persons.first_seen_on >= event_starts.first_signal_on as has_first_week,
        coalesce(persons.first_ordered_at < {{ add_days('persons.first_seen_at', 7) }}, false)
            as has_ordered_in_week,
        {{ add_days('persons.first_seen_at', 7) }} <= as_of.as_of_at as is_final,
        -- What led to the last order has been bought.
        greatest(
            {{ add_days('as_of.as_of_at', -7) }},
            coalesce(persons.last_ordered_at, {{ add_days('as_of.as_of_at', -7) }})
        ) as rolling_from_at,
        persons.first_ordered_at
    from persons
    inner join event_starts
        on persons.shop_id = event_starts.shop_id
    inner join as_of
        on persons.shop_id = as_of.shop_id
    where persons.first_seen_at is not null

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
