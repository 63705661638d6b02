{# Long for record and draw side by side: the one place that says who is in which arm. #}

with

arm_records as (

    select * from {{ ref('stg_arm_records') }}

),

episodes as (

    select * from {{ ref('int_recovery__campaigned') }}

),

reachable as (

    select * from {{ ref('int_recovery__reachable') }}

),

arms as (

    select * from {{ ref('int_campaign_arms__cumulated') }}

),

known_arms as (

    select * from {{ ref('stg_known_campaign_arms') }}

),

{{ ledger_persons('arm_records') }},

recorded as (

    select
        shop_id,
        campaign_key,
        campaign_version,
        occurrence_key,
        person_id,
        arm_key,
        eligible_at,
        recorded_at,
        row_number() over (
            partition by shop_id, campaign_key, campaign_version, occurrence_key, person_id
            order by
                recorded_at,
                person_key
        ) as record_rank
    from identified

),

known as (

    select
        shop_id,
        campaign_key,
        campaign_version,
        occurrence_key,
        person_id,
        arm_key,
        eligible_at,
        recorded_at
    from recorded
    where
        record_rank = 1
        and person_id is not null

),

-- Merged from several, a person goes on in the arm recorded first.
ranked_persons as (

    select
        *,
        row_number() over (
            partition by shop_id, campaign_key, campaign_version, person_id
            order by
                recorded_at,
                eligible_at,
                occurrence_key
        ) as person_rank
    from known

),

person_arms as (

    select
        shop_id,
        campaign_key,
        campaign_version,
        person_id,
        max(case when person_rank = 1 then arm_key end) as arm_key,
        min(arm_key) <> max(arm_key) as is_contaminated
    from ranked_persons
    group by
        shop_id,
        campaign_key,
        campaign_version,
        person_id

),

-- Eligible but not on record yet: the next export will record what is drawn here.
unrecorded as (

    select
        episodes.shop_id,
        episodes.campaign_key,
        episodes.campaign_version,
        episodes.episode_id as occurrence_key,
        episodes.person_id,
        reachable.eligible_at,
        {{ assign_arm('episodes.salt', 'episodes.shop_id', 'episodes.person_id') }} as draw_number
    from episodes
    inner join reachable
        on
            episodes.shop_id = reachable.shop_id
            and episodes.episode_id = reachable.episode_id
    left join known
        on
            episodes.shop_id = known.shop_id
            and episodes.campaign_key = known.campaign_key
            and episodes.campaign_version = known.campaign_version
            and episodes.episode_id = known.occurrence_key
    where
        episodes.campaign_key is not null
        and reachable.is_reachable
        and (episodes.closed_at is null or episodes.closed_at > reachable.eligible_at)
        and reachable.eligible_at < episodes.as_of_at
        and known.occurrence_key is null

),

drawn as (

    select
        unrecorded.shop_id,
        unrecorded.campaign_key,
        unrecorded.campaign_version,
        unrecorded.occurrence_key,
        unrecorded.person_id,
        coalesce(person_arms.arm_key, arms.arm_key) as arm_key,
        unrecorded.eligible_at
    from unrecorded
    inner join arms
        on
            unrecorded.shop_id = arms.shop_id
            and unrecorded.campaign_key = arms.campaign_key
            and unrecorded.campaign_version = arms.campaign_version
            and unrecorded.draw_number >= arms.from_bp
            and unrecorded.draw_number < arms.to_bp
    left join person_arms
        on
            unrecorded.shop_id = person_arms.shop_id
            and unrecorded.campaign_key = person_arms.campaign_key
            and unrecorded.campaign_version = person_arms.campaign_version
            and unrecorded.person_id = person_arms.person_id

),

stacked as (

    select
        shop_id,
        campaign_key,
        campaign_version,
        occurrence_key,
        person_id,
        arm_key,
        'recorded' as assignment_basis,
        eligible_at,
        recorded_at
    from known

    union all

    select
        shop_id,
        campaign_key,
        campaign_version,
        occurrence_key,
        person_id,
        arm_key,
        'drawn' as assignment_basis,
        eligible_at,
        cast(null as timestamp) as recorded_at
    from drawn

),

numbered as (

    select
        stacked.shop_id,
        stacked.campaign_key,
        stacked.campaign_version,
        stacked.occurrence_key,
        stacked.person_id,
        stacked.arm_key,
        known_arms.is_holdout,
        known_arms.delay_minutes,
        stacked.assignment_basis,
        coalesce(person_arms.is_contaminated, false) as is_contaminated,
        -- What was never put on record (carts left before the campaign began to write) is no part of
        -- the trial and must not stand before what was.
        row_number() over (
            partition by
                stacked.shop_id, stacked.campaign_key, stacked.campaign_version, stacked.person_id
            order by
                case when stacked.assignment_basis = 'recorded' then 0 else 1 end,
                stacked.eligible_at,
                stacked.occurrence_key
        ) as eligible_no,
        stacked.eligible_at,
        stacked.recorded_at
    from stacked
    -- An arm that stands in no file any more keeps its people, and a holdout stays one.
    left join known_arms
        on
            stacked.shop_id = known_arms.shop_id
            and stacked.campaign_key = known_arms.campaign_key
            and stacked.campaign_version = known_arms.campaign_version
            and stacked.arm_key = known_arms.arm_key
    left join person_arms
        on
            stacked.shop_id = person_arms.shop_id
            and stacked.campaign_key = person_arms.campaign_key
            and stacked.campaign_version = person_arms.campaign_version
            and stacked.person_id = person_arms.person_id

)

select * from numbered
