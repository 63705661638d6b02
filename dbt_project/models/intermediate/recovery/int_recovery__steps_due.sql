{# Long for all that decides whether a step is due, in one place. #}

with

episodes as (

    select * from {{ ref('int_recovery__campaigned') }}
    where
        close_reason is null
        and person_id is not null
        and identified_at is not null
        and campaign_key is not null

),

campaigns as (

    select * from {{ ref('stg_campaigns') }}
    where is_active

),

steps as (

    select * from {{ ref('stg_campaign_steps') }}

),

assigned_arms as (

    select * from {{ ref('int_arms__assigned') }}

),

-- Some shop systems remind of the cart themselves; one reminder is enough.
shop_mails as (

    select * from {{ ref('int_recovery__shop_mails') }}

),

person_done_steps as (

    select * from {{ ref('int_campaign_steps__done') }}

),

-- A cart is one occurrence of whoever it belongs to now.
done_steps as (

    select
        shop_id,
        campaign_key,
        step_number,
        occurrence_key,
        min(done_at) as done_at
    from person_done_steps
    group by
        shop_id,
        campaign_key,
        step_number,
        occurrence_key

),

episode_steps as (

    select
        episodes.shop_id,
        episodes.episode_id,
        episodes.episode_id as occurrence_key,
        episodes.person_id,
        episodes.campaign_key,
        episodes.campaign_version,
        episodes.channel,
        episodes.last_activity_at,
        episodes.last_abandoned_at,
        episodes.value_amount,
        episodes.value_now_amount,
        episodes.currency,
        episodes.stage,
        episodes.item_count,
        episodes.last_activity_precision,
        episodes.as_of_at,
        campaigns.ends_at,
        steps.step_number,
        steps.validity_hours,
        assigned_arms.arm_key,
        coalesce(assigned_arms.is_holdout, false) as is_held_out,
        shop_mails.episode_id is not null as is_mailed_by_shop,
        -- An arm's delay is the first step's; the others keep theirs.
        case
            when steps.step_number = 1
                then coalesce(assigned_arms.delay_minutes, steps.delay_minutes)
            else steps.delay_minutes
        end as delay_minutes
    from episodes
    inner join campaigns
        on
            episodes.shop_id = campaigns.shop_id
            and episodes.campaign_key = campaigns.campaign_key
            and episodes.campaign_version = campaigns.campaign_version
    inner join steps
        on
            episodes.shop_id = steps.shop_id
            and episodes.campaign_key = steps.campaign_key
            and episodes.campaign_version = steps.campaign_version
    left join assigned_arms
        on
            episodes.shop_id = assigned_arms.shop_id
            and episodes.campaign_key = assigned_arms.campaign_key
            and episodes.campaign_version = assigned_arms.campaign_version
            and episodes.episode_id = assigned_arms.occurrence_key
            and episodes.person_id = assigned_arms.person_id
    left join shop_mails
        on
            episodes.shop_id = shop_mails.shop_id
            and episodes.episode_id = shop_mails.episode_id

),

{{ step_timing(
    'episode_steps',
    counted_from='last_activity_at',
    keys=['occurrence_key'],
    done_keys=['occurrence_key']
) }},

with_validity as (

    select
        *,
        {{ add_hours('due_at', 'validity_hours') }} as valid_until_at
    from timed

),

due as (

    select
        shop_id,
        episode_id,
        person_id,
        campaign_key,
        campaign_version,
        step_number,
        arm_key,
        channel,
        stage,
        last_activity_precision,
        currency,
        is_held_out,
        is_mailed_by_shop,
        item_count,
        value_amount,
        value_now_amount,
        last_activity_at,
        last_abandoned_at as qualified_at,
        due_at,
        valid_until_at
    from with_validity
    where
        due_at <= as_of_at
        and valid_until_at > as_of_at
        and last_abandoned_at <= as_of_at
        and (ends_at is null or ends_at > due_at)

)

select * from due
