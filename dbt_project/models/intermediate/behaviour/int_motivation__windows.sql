with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

events as (

    select * from {{ ref('int_events__identified') }}

),

seen as (

    select * from {{ ref('int_persons__seen') }}
    where first_seen_at is not null

),

bought as (

    select * from {{ ref('int_persons__bought') }}

),

-- Before the shop's events begin nothing is known: who was seen earlier has no first week.
event_starts as (

    select
        shop_id,
        min(occurred_on) as first_event_on
    from events
    group by shop_id

),

windows as (

    select
        seen.shop_id,
        seen.person_id,
        seen.first_seen_on >= event_starts.first_event_on as has_first_week,
        coalesce(bought.first_ordered_at < {{ add_days('seen.first_seen_at', 7) }}, false)
            as has_ordered_in_week,
        {{ add_days('seen.first_seen_at', 7) }} <= as_of.as_of_at as is_final,
        seen.first_seen_at as week_from_at,
        {{ add_days('seen.first_seen_at', 7) }} as week_to_at,
        least(
            {{ add_days('seen.first_seen_at', 7) }},
            coalesce(bought.first_ordered_at, {{ add_days('seen.first_seen_at', 7) }})
        ) as week_counts_to_at,
        -- What led to the last order has been bought.
        greatest(
            {{ add_days('as_of.as_of_at', -7) }},
            coalesce(bought.last_ordered_at, {{ add_days('as_of.as_of_at', -7) }})
        ) as rolling_from_at,
        bought.first_ordered_at
    from seen
    inner join event_starts
        on seen.shop_id = event_starts.shop_id
    inner join as_of
        on seen.shop_id = as_of.shop_id
    left join bought
        on
            seen.shop_id = bought.shop_id
            and seen.person_id = bought.person_id

)

select * from windows
