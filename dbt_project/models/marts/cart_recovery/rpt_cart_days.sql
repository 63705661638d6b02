{#- Thirteen months, so that a day can stand beside the same one a year before. -#}
{%- set shown_days = 400 -%}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

settings as (

    select * from {{ ref('int_run__settings') }}

),

shop_days as (

    select * from {{ ref('stg_shop_days') }}

),

episodes as (

    select * from {{ ref('fct_cart_episodes') }}

),

first_days as (

    select
        shop_id,
        min(opened_on) as first_on
    from episodes
    group by shop_id

),

weeks as (

    select cast(1 as bigint) as week_count
    union all
    select 2 as week_count
    union all
    select 3 as week_count
    union all
    select 4 as week_count

),

counted as (

    select
        shop_id,
        abandoned_on,
        count(*) as abandoned_count,
        count(distinct person_id) as abandoned_person_count,
        sum(value_amount) as abandoned_value_amount
    from episodes
    where is_abandoned
    group by
        shop_id,
        abandoned_on

),

-- A day without a cart is 0 from the first cart on; before it nothing is known.
known_days as (

    select
        shop_days.shop_id,
        shop_days.day_on,
        as_of.as_of_on,
        coalesce(counted.abandoned_count, 0) as abandoned_count,
        coalesce(counted.abandoned_person_count, 0) as abandoned_person_count,
        case
            when counted.abandoned_on is null then 0
            else counted.abandoned_value_amount
        end as abandoned_value_amount
    from shop_days
    inner join as_of
        on
            shop_days.shop_id = as_of.shop_id
            and shop_days.day_on <= as_of.as_of_on
    inner join first_days
        on
            shop_days.shop_id = first_days.shop_id
            and shop_days.day_on >= first_days.first_on
    left join counted
        on
            shop_days.shop_id = counted.shop_id
            and shop_days.day_on = counted.abandoned_on

),

same_weekdays as (

    select
        known_days.shop_id,
        {{ add_days_on('known_days.day_on', 'weeks.week_count * 7') }} as compared_on,
        known_days.abandoned_count,
        known_days.abandoned_value_amount
    from known_days
    cross join weeks

),

usual as (

    select
        shop_id,
        compared_on,
        count(*) as usual_day_count,
        avg(cast(abandoned_count as double)) as usual_abandoned_count,
        avg(cast(abandoned_value_amount as double)) as usual_value_amount
    from same_weekdays
    group by
        shop_id,
        compared_on

),

compared as (

    select
        known_days.shop_id,
        known_days.day_on,
        settings.currency,
        known_days.day_on = known_days.as_of_on as is_running,
        known_days.abandoned_count,
        known_days.abandoned_person_count,
        cast(known_days.abandoned_value_amount as decimal(18, 4)) as abandoned_value_amount,
        coalesce(usual.usual_day_count, 0) as usual_day_count,
        usual.usual_abandoned_count,
        usual.usual_value_amount
    from known_days
    inner join settings
        on known_days.shop_id = settings.shop_id
    left join usual
        on
            known_days.shop_id = usual.shop_id
            and known_days.day_on = usual.compared_on
    where known_days.day_on > {{ add_days_on('known_days.as_of_on', -1 * shown_days) }}

)

select * from compared
