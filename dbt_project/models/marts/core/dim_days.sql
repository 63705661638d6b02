with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

shop_days as (

    select * from {{ ref('stg_shop_days') }}

),

up_to_today as (

    select
        shop_days.shop_id,
        shop_days.day_on,
        {{ month_of('shop_days.day_on') }} as day_month,
        shop_days.day_on = as_of.as_of_on as is_today,
        shop_days.starts_at,
        shop_days.ends_at
    from shop_days
    inner join as_of
        on shop_days.shop_id = as_of.shop_id
    where shop_days.day_on <= as_of.as_of_on

)

select * from up_to_today
