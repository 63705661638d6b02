{#- A month of days: how regularly a list goes out, and to how many. -#}
{%- set shown_days = 30 -%}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

days as (

    select * from {{ ref('dim_days') }}

),

campaigns as (

    select * from {{ ref('stg_campaigns') }}

),

steps_done as (

    select * from {{ ref('fct_campaign_steps_done') }}

),

calendar as (

    select
        days.shop_id,
        days.day_on,
        days.is_today,
        days.starts_at,
        days.ends_at
    from days
    inner join as_of
        on days.shop_id = as_of.shop_id
    where days.day_on > {{ add_days_on('as_of.as_of_on', -1 * shown_days) }}

),

-- Of a version the shop file no longer holds, another of its key tells the segment.
campaign_segments as (

    select
        shop_id,
        campaign_key,
        max(segment_key) as segment_key
    from campaigns
    group by
        shop_id,
        campaign_key

),

-- A shop that has laid down no newsletter campaign has the plain one of that name.
done as (

    select
        steps_done.shop_id,
        coalesce(campaign_segments.segment_key, 'newsletter') as segment_key,
        steps_done.person_id,
        steps_done.done_at
    from steps_done
    left join campaign_segments
        on
            steps_done.shop_id = campaign_segments.shop_id
            and steps_done.campaign_key = campaign_segments.campaign_key
    where
        campaign_segments.segment_key is not null
        or steps_done.campaign_key = 'newsletter'

),

segments as (

    select
        shop_id,
        segment_key,
        max(done_at) as last_done_at
    from done
    group by
        shop_id,
        segment_key

),

counted as (

    select
        calendar.shop_id,
        done.segment_key,
        calendar.day_on,
        count(distinct done.person_id) as person_count
    from done
    inner join calendar
        on
            done.shop_id = calendar.shop_id
            and done.done_at >= calendar.starts_at
            and done.done_at < calendar.ends_at
    group by
        calendar.shop_id,
        done.segment_key,
        calendar.day_on

),

filled as (

    select
        segments.shop_id,
        segments.segment_key,
        calendar.day_on,
        calendar.is_today as is_running,
        coalesce(counted.person_count, 0) as person_count,
        segments.last_done_at
    from segments
    inner join calendar
        on segments.shop_id = calendar.shop_id
    left join counted
        on
            segments.shop_id = counted.shop_id
            and segments.segment_key = counted.segment_key
            and calendar.day_on = counted.day_on

)

select * from filled
