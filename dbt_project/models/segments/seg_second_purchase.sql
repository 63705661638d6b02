{# Long for the columns of the one contract and the arms. #}

with

steps as (

    select * from {{ ref('dim_campaign_steps') }}
    where
        segment_key = 'second_purchase'
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

orders as (

    select * from {{ ref('fct_orders') }}
    where purchase_no = 1

),

persons as (

    select * from {{ ref('dim_persons') }}
    where
        order_count = 1
        -- Known before the history begins: the one order we know may be their tenth.
        and not is_before_history

),

intervals as (

    select * from {{ ref('rpt_purchase_intervals') }}
    where
        order_band = '1'
        and q50_days is not null

),

shops as (

    select * from {{ ref('dim_shops') }}

),

days as (

    select * from {{ ref('dim_days') }}

),

first_orders as (

    select
        persons.shop_id,
        persons.person_id,
        persons.top_category_id,
        orders.order_id,
        orders.ordered_at,
        orders.ordered_on,
        shops.currency,
        shops.catch_up_days,
        shops.second_purchase_days,
        orders.revenue_amount
    from persons
    inner join orders
        on
            persons.shop_id = orders.shop_id
            and persons.person_id = orders.person_id
    inner join shops
        on persons.shop_id = shops.shop_id

),

todays as (

    select
        shop_id,
        day_on,
        day_month
    from days
    where is_today

),

-- The shop's own median is the version of this month; a fixed number of days beats it.
aged as (

    select
        first_orders.*,
        todays.day_on as today_on,
        cast(
            case
                when first_orders.second_purchase_days > 0 then first_orders.second_purchase_days
                else intervals.q50_days
            end as bigint
        ) as age_days
    from first_orders
    inner join todays
        on first_orders.shop_id = todays.shop_id
    left join intervals
        on
            first_orders.shop_id = intervals.shop_id
            and todays.day_month = intervals.version_month

),

dated as (

    select
        *,
        {{ add_days_on('ordered_on', 'age_days') }} as due_on
    from aged
    where age_days is not null

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
        campaigned.order_id as occurrence_key,
        {{ dedupe_key(
            'campaigned.campaign_key',
            'campaigned.step_number',
            'campaigned.channel',
            'campaigned.order_id'
        ) }} as dedupe_key,
        campaigned.ordered_at as qualified_at,
        campaigned.due_at,
        campaigned.valid_until_at,
        'no_second_order' as reason_code,
        coalesce(recorded.is_holdout, arms.is_holdout, false) as is_held_out,
        'none' as content_source,
        campaigned.currency,
        campaigned.top_category_id as first_category_id,
        campaigned.revenue_amount as first_order_amount,
        campaigned.ordered_on as first_ordered_on,
        campaigned.age_days as days_since_first
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
