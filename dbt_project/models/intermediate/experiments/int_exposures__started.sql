with

settings as (

    select * from {{ ref('int_run__settings') }}

),

identified as (

    select * from {{ ref('int_events__identified') }}
    where event_name in ('Experiment Viewed', 'Signed Up')

),

events as (

    select * from {{ ref('stg_events') }}
    where
        event_name = 'Experiment Viewed'
        and experiment_key is not null
        and arm_key is not null

),

described as (

    select * from {{ ref('int_persons__described') }}

),

exposures as (

    select
        identified.shop_id,
        events.experiment_key,
        identified.person_id,
        events.arm_key,
        identified.occurred_at,
        row_number() over (
            partition by identified.shop_id, events.experiment_key, identified.person_id
            order by
                identified.occurred_at,
                identified.event_id
        ) as exposure_rank
    from identified
    inner join events
        on
            identified.shop_id = events.shop_id
            and identified.event_id = events.event_id

),

-- Who was shown several arms stays in the first.
first_exposures as (

    select
        shop_id,
        experiment_key,
        person_id,
        max(case when exposure_rank = 1 then arm_key end) as arm_key,
        min(arm_key) <> max(arm_key) as is_contaminated,
        min(occurred_at) as exposed_at
    from exposures
    group by
        shop_id,
        experiment_key,
        person_id

),

sign_ups as (

    select
        shop_id,
        person_id,
        min(occurred_at) as signed_up_at
    from identified
    where event_name = 'Signed Up'
    group by
        shop_id,
        person_id

),

started as (

    select
        first_exposures.shop_id,
        first_exposures.experiment_key,
        first_exposures.person_id,
        first_exposures.arm_key,
        -- The site's script says no more than a name: these are the names of showing nothing.
        lower(first_exposures.arm_key) in ('control', 'hidden', 'holdout', 'none', 'off')
            as is_holdout,
        first_exposures.is_contaminated,
        settings.recovery_window_days as window_days,
        -- The event knows the instant; a member list may know the day alone.
        coalesce(sign_ups.signed_up_at, described.registered_at) as registered_at,
        first_exposures.exposed_at
    from first_exposures
    inner join settings
        on first_exposures.shop_id = settings.shop_id
    left join sign_ups
        on
            first_exposures.shop_id = sign_ups.shop_id
            and first_exposures.person_id = sign_ups.person_id
    left join described
        on
            first_exposures.shop_id = described.shop_id
            and first_exposures.person_id = described.person_id

)

select * from started
