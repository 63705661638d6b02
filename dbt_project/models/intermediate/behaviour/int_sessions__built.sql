{# Long for one window per step of cutting a session. #}

with

settings as (

    select * from {{ ref('int_run__settings') }}

),

events as (

    select * from {{ ref('int_events__identified') }}

),

keyed as (

    select
        events.shop_id,
        events.event_id,
        {{ visitor_key('events.anonymous_id', 'events.person_id') }} as visitor_key,
        events.person_id,
        -- What goes through the windows is kept narrow: two flags instead of a name.
        events.event_name = 'Product Viewed' as is_product_view,
        events.event_name = 'Product Added to Wishlist' as is_favourite,
        events.export_token,
        events.device,
        events.occurred_at,
        events.occurred_on,
        events.identified_at,
        settings.session_gap_minutes
    from events
    inner join settings
        on events.shop_id = settings.shop_id

),

with_previous as (

    select
        *,
        lag(occurred_at) over (
            partition by shop_id, visitor_key
            order by
                occurred_at,
                event_id
        ) as previous_at
    from keyed

),

with_gap_end as (

    select
        *,
        {{ add_minutes('previous_at', 'session_gap_minutes') }} as gap_ends_at
    from with_previous

),

marked as (

    select
        *,
        case when occurred_at < gap_ends_at then 0 else 1 end as is_first
    from with_gap_end

),

numbered as (

    select
        *,
        sum(is_first) over (
            partition by shop_id, visitor_key
            order by
                occurred_at,
                event_id
            rows between unbounded preceding and current row
        ) as session_no
    from marked

),

built as (

    select
        shop_id,
        visitor_key,
        max(case when is_first = 1 then event_id end) as first_event_id,
        max(person_id) as person_id,
        max(case when is_first = 1 then export_token end) as entry_token,
        max(device) as device,
        max(session_gap_minutes) as session_gap_minutes,
        count(*) as event_count,
        count(case when is_product_view then 1 end) as product_view_count,
        count(case when is_favourite then 1 end) as favourite_count,
        min(occurred_at) as started_at,
        min(occurred_on) as started_on,
        max(occurred_at) as ended_at,
        min(identified_at) as identified_at
    from numbered
    group by
        shop_id,
        visitor_key,
        session_no

),

named as (

    select
        shop_id,
        {{ hash_key(['shop_id', 'first_event_id']) }} as session_id,
        visitor_key,
        person_id,
        entry_token,
        device,
        event_count,
        product_view_count,
        favourite_count,
        started_at,
        started_on,
        ended_at,
        identified_at,
        {{ add_minutes('ended_at', 'session_gap_minutes') }} as gap_ends_at
    from built

)

select * from named
