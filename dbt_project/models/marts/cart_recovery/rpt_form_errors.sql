with

periods as (

    select * from {{ ref('int_run__periods') }}

),

episodes as (

    select * from {{ ref('fct_cart_episodes') }}
    where not is_running

),

form_errors as (

    select * from {{ ref('int_form_errors__placed') }}

),

in_carts as (

    select
        form_errors.shop_id,
        form_errors.episode_id,
        coalesce(form_errors.field_name, 'unknown') as field_name,
        episodes.opened_month,
        coalesce(episodes.close_reason = 'ordered', false) as is_ordered,
        count(*) as error_count
    from form_errors
    inner join episodes
        on
            form_errors.shop_id = episodes.shop_id
            and form_errors.episode_id = episodes.episode_id
    group by
        form_errors.shop_id,
        form_errors.episode_id,
        coalesce(form_errors.field_name, 'unknown'),
        episodes.opened_month,
        coalesce(episodes.close_reason = 'ordered', false)

),

counted as (

    select
        in_carts.shop_id,
        periods.period_key,
        in_carts.field_name,
        count(*) as cart_count,
        count(case when in_carts.is_ordered then 1 end) as ordered_count,
        cast(sum(in_carts.error_count) as bigint) as error_count
    from in_carts
    inner join periods
        on
            in_carts.shop_id = periods.shop_id
            and in_carts.opened_month >= periods.first_month
            and in_carts.opened_month <= periods.last_month
    group by
        in_carts.shop_id,
        periods.period_key,
        in_carts.field_name

),

rated as (

    select
        shop_id,
        period_key,
        field_name,
        cart_count,
        ordered_count,
        error_count,
        cast(ordered_count as double) / nullif(cart_count, 0) as ordered_rate
    from counted

)

select * from rated
