with

form_errors as (

    select * from {{ ref('int_events__identified') }}
    where event_name = 'Form Error'

),

episodes as (

    select * from {{ ref('int_cart_episodes') }}

),

reached as (

    select * from {{ ref('int_checkout_steps__reached') }}

),

-- The episodes of a person do not overlap: an error falls into one cart or none.
placed as (

    select
        form_errors.shop_id,
        form_errors.event_id,
        form_errors.field_name,
        episodes.episode_id,
        max(reached.step_number) as step_number,
        form_errors.occurred_at
    from form_errors
    inner join episodes
        on
            form_errors.shop_id = episodes.shop_id
            and form_errors.person_id = episodes.person_id
            and form_errors.occurred_at >= episodes.opened_at
            and (episodes.closed_at is null or form_errors.occurred_at < episodes.closed_at)
    inner join reached
        on
            episodes.shop_id = reached.shop_id
            and episodes.episode_id = reached.episode_id
            and form_errors.occurred_at >= reached.reached_at
    group by
        form_errors.shop_id,
        form_errors.event_id,
        form_errors.field_name,
        episodes.episode_id,
        form_errors.occurred_at

)

select * from placed
