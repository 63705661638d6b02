with

settings as (

    select * from {{ ref('int_run__settings') }}

),

periods as (

    select * from {{ ref('int_run__periods') }}

),

left_behind as (

    select * from {{ ref('int_cart_products__left') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

shelves as (

    select * from {{ ref('int_goods__shelved') }}
    where variant_id = ''

),

counted as (

    select
        left_behind.shop_id,
        periods.period_key,
        left_behind.product_key,
        max(left_behind.product_id) as product_id,
        count(*) as cart_count,
        count(distinct left_behind.person_id) as person_count,
        count(case when left_behind.is_mature then 1 end) as mature_cart_count,
        count(case when left_behind.is_mature and left_behind.is_bought_in_window then 1 end)
            as bought_in_window_count,
        count(case when left_behind.is_bought then 1 end) as bought_count,
        cast(sum(left_behind.quantity) as decimal(18, 3)) as quantity,
        cast(sum(left_behind.value_amount) as decimal(18, 4)) as value_amount
    from left_behind
    inner join periods
        on
            left_behind.shop_id = periods.shop_id
            and left_behind.abandoned_month >= periods.first_month
            and left_behind.abandoned_month <= periods.last_month
    group by
        left_behind.shop_id,
        periods.period_key,
        left_behind.product_key

),

described as (

    select
        counted.shop_id,
        counted.period_key,
        counted.product_key,
        counted.product_id,
        products.product_name,
        products.category_id,
        products.category_name,
        coalesce(shelves.stock_band, 'unknown') as stock_band,
        settings.currency,
        shelves.product_id is not null as is_in_catalogue,
        coalesce(shelves.is_purchasable, false) as is_purchasable,
        counted.cart_count,
        counted.person_count,
        counted.mature_cart_count,
        counted.bought_in_window_count,
        counted.bought_count,
        counted.quantity,
        counted.value_amount,
        cast(counted.bought_in_window_count as double) / nullif(counted.mature_cart_count, 0)
            as bought_in_window_rate
    from counted
    inner join settings
        on counted.shop_id = settings.shop_id
    left join products
        on
            counted.shop_id = products.shop_id
            and counted.product_id = products.product_id
    left join shelves
        on
            counted.shop_id = shelves.shop_id
            and counted.product_id = shelves.product_id

)

select * from described
