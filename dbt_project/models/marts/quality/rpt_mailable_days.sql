{#- Thirteen months, so that a day can stand beside the same one a year before. -#}
{%- set shown_days = 400 -%}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

days as (

    select * from {{ ref('int_persons__mailable_days') }}

),

shown as (

    select
        days.shop_id,
        days.day_on,
        days.day_on = as_of.as_of_on as is_running,
        days.mailable_count,
        days.gained_count,
        days.lost_count
    from days
    inner join as_of
        on days.shop_id = as_of.shop_id
    where days.day_on > {{ add_days_on('as_of.as_of_on', -1 * shown_days) }}

)

select * from shown
