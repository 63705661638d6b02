with

settings as (

    select * from {{ ref('int_run__settings') }}

),

shops as (

    select * from {{ ref('stg_shops') }}

),

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

described as (

    select
        settings.shop_id,
        shops.shop_name,
        settings.timezone,
        settings.locale,
        settings.currency,
        settings.revenue_measure,
        settings.base_url,
        settings.is_demo,
        settings.ships_within_hours,
        settings.warranty_months,
        settings.shipping_fee_amount,
        settings.free_shipping_from_amount,
        settings.catch_up_days,
        settings.winback_months,
        settings.look_back_months,
        settings.second_purchase_days,
        as_of.as_of_at,
        as_of.as_of_on
    from settings
    inner join shops
        on settings.shop_id = shops.shop_id
    inner join as_of
        on settings.shop_id = as_of.shop_id

)

select * from described
