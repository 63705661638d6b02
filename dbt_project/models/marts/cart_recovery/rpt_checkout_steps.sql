with

periods as (

    select * from {{ ref('int_run__periods') }}

),

episodes as (

    select * from {{ ref('fct_cart_episodes') }}
    where not is_running

),

reached as (

    select * from {{ ref('int_checkout_steps__reached') }}

),

form_errors as (

    select
        shop_id,
        episode_id,
        step_number,
        count(*) as error_count
    from {{ ref('int_form_errors__placed') }}
    group by
        shop_id,
        episode_id,
        step_number

),

furthest as (

    select
        shop_id,
        episode_id,
        max(step_number) as last_step_number
    from reached
    group by
        shop_id,
        episode_id

),

described as (

    select
        reached.shop_id,
        reached.episode_id,
        reached.step_number,
        reached.step_key,
        episodes.person_id,
        episodes.opened_month,
        furthest.last_step_number,
        coalesce(form_errors.error_count, 0) as error_count
    from reached
    inner join episodes
        on
            reached.shop_id = episodes.shop_id
            and reached.episode_id = episodes.episode_id
    inner join furthest
        on
            reached.shop_id = furthest.shop_id
            and reached.episode_id = furthest.episode_id
    left join form_errors
        on
            reached.shop_id = form_errors.shop_id
            and reached.episode_id = form_errors.episode_id
            and reached.step_number = form_errors.step_number

),

counted as (

    select
        described.shop_id,
        periods.period_key,
        described.step_number,
        described.step_key,
        count(*) as reached_count,
        count(distinct described.person_id) as reached_person_count,
        count(case when described.last_step_number > described.step_number then 1 end)
            as continued_count,
        count(
            case
                when described.last_step_number = described.step_number and described.step_number < 5
                    then 1
            end
        ) as left_count,
        count(case when described.error_count > 0 then 1 end) as form_error_cart_count,
        count(case when described.error_count > 0 and described.last_step_number = 5 then 1 end)
            as form_error_ordered_count,
        cast(sum(described.error_count) as bigint) as form_error_count
    from described
    inner join periods
        on
            described.shop_id = periods.shop_id
            and described.opened_month >= periods.first_month
            and described.opened_month <= periods.last_month
    group by
        described.shop_id,
        periods.period_key,
        described.step_number,
        described.step_key

),

rated as (

    select
        shop_id,
        period_key,
        step_number,
        step_key,
        reached_count,
        reached_person_count,
        continued_count,
        left_count,
        form_error_cart_count,
        form_error_ordered_count,
        form_error_count,
        cast(left_count as double) / nullif(reached_count, 0) as drop_off_rate,
        cast(form_error_cart_count as double) / nullif(reached_count, 0) as form_error_rate
    from counted

)

select * from rated
