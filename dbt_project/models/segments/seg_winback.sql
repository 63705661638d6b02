{# Long for the columns of the one contract and the arms. #}

with

steps as (

    select * from {{ ref('dim_campaign_steps') }}
    where
        segment_key = 'winback'
        and is_active

),

arms as (

    select * from {{ ref('dim_campaign_arms') }}

),

recorded as (

    select * from {{ ref('fct_arm_assignments') }}
    where
        assignment_basis = 'recorded'
        and is_first_eligible

),

-- Never seen is not dormant: whoever has no date of being seen is nobody to win back.
persons as (

    select * from {{ ref('dim_persons') }}
    where
        last_seen_on is not null
        and person_kind <> 'browser'

),

shops as (

    select * from {{ ref('dim_shops') }}

),

days as (

    select * from {{ ref('dim_days') }}

),

todays as (

    select
        shop_id,
        day_on
    from days
    where is_today

),

-- Three months after 30 November is 28 February: the month is clipped, nobody falls through.
dated as (

    select
        persons.shop_id,
        persons.person_id,
        persons.last_seen_at,
        persons.last_seen_on,
        persons.last_seen_basis,
        persons.last_ordered_on,
        persons.top_category_id,
        persons.order_count,
        shops.catch_up_days,
        todays.day_on as today_on,
        {{ add_months_on('persons.last_seen_on', 'shops.winback_months') }} as due_on
    from persons
    inner join shops
        on persons.shop_id = shops.shop_id
    inner join todays
        on persons.shop_id = todays.shop_id

),

due as (

    select
        dated.*,
        days.starts_at as due_at,
        {{ add_days('days.starts_at', 'dated.catch_up_days') }} as valid_until_at
    from dated
    inner join days
        on
            dated.shop_id = days.shop_id
            and dated.due_on = days.day_on
    where
        dated.due_on <= dated.today_on
        and {{ add_days_on('dated.due_on', 'dated.catch_up_days') }} > dated.today_on

),

campaigned as (

    select
        due.*,
        steps.campaign_key,
        steps.campaign_version,
        steps.step_number,
        steps.channel,
        {{ assign_arm('steps.salt', 'due.shop_id', 'due.person_id') }} as draw_number,
        row_number() over (
            partition by due.shop_id, due.person_id, steps.campaign_key, steps.step_number
            order by steps.campaign_version desc
        ) as version_rank
    from due
    inner join steps
        on
            due.shop_id = steps.shop_id
            and steps.step_number = 1
            and (steps.starts_at is null or steps.starts_at <= due.due_at)
            and (steps.ends_at is null or steps.ends_at > due.due_at)

),

members as (

    select
        campaigned.shop_id,
        campaigned.person_id,
        campaigned.campaign_key,
        campaigned.campaign_version,
        campaigned.step_number,
        coalesce(recorded.arm_key, arms.arm_key) as arm_key,
        campaigned.channel,
        cast(campaigned.last_seen_on as string) as occurrence_key,
        {{ dedupe_key(
            'campaigned.campaign_key',
            'campaigned.step_number',
            'campaigned.channel',
            'cast(campaigned.last_seen_on as string)'
        ) }} as dedupe_key,
        campaigned.last_seen_at as qualified_at,
        campaigned.due_at,
        campaigned.valid_until_at,
        'last_seen_by_' || campaigned.last_seen_basis as reason_code,
        coalesce(recorded.is_holdout, arms.is_holdout, false) as is_held_out,
        'none' as content_source,
        campaigned.top_category_id as last_category_id,
        campaigned.order_count,
        campaigned.last_seen_on,
        campaigned.last_ordered_on
    from campaigned
    left join arms
        on
            campaigned.shop_id = arms.shop_id
            and campaigned.campaign_key = arms.campaign_key
            and campaigned.campaign_version = arms.campaign_version
            and campaigned.draw_number >= arms.from_bp
            and campaigned.draw_number < arms.to_bp
    left join recorded
        on
            campaigned.shop_id = recorded.shop_id
            and campaigned.campaign_key = recorded.campaign_key
            and campaigned.campaign_version = recorded.campaign_version
            and campaigned.person_id = recorded.person_id
    where campaigned.version_rank = 1

)

select * from members
