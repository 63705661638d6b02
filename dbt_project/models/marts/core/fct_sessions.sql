with

sessions as (

    select * from {{ ref('int_sessions__built') }}

),

chosen as (

    select
        shop_id,
        session_id,
        person_id,
        device,
        event_count,
        product_view_count,
        started_at,
        started_on,
        {{ month_of('started_on') }} as started_month,
        ended_at
    from sessions

)

select * from chosen
