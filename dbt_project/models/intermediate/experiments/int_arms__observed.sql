with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

settings as (

    select * from {{ ref('int_run__settings') }}

),

campaigns as (

    select * from {{ ref('stg_campaigns') }}

),

assigned as (

    select * from {{ ref('int_arms__assigned') }}
    where eligible_no = 1

),

orders as (

    select * from {{ ref('int_recovery__orders') }}

),

-- Later episodes depend on the arm: only the first eligible one of a person is compared.
windowed as (

    select
        assigned.shop_id,
        assigned.campaign_key,
        assigned.campaign_version,
        assigned.person_id,
        assigned.arm_key,
        coalesce(assigned.is_holdout, false) as is_holdout,
        assigned.assignment_basis,
        assigned.is_contaminated,
        assigned.eligible_at,
        as_of.as_of_at,
        {{ add_days(
            'assigned.eligible_at',
            'coalesce(campaigns.recovery_window_days, settings.recovery_window_days)'
        ) }} as window_ends_at
    from assigned
    inner join as_of
        on assigned.shop_id = as_of.shop_id
    inner join settings
        on assigned.shop_id = settings.shop_id
    left join campaigns
        on
            assigned.shop_id = campaigns.shop_id
            and assigned.campaign_key = campaigns.campaign_key
            and assigned.campaign_version = campaigns.campaign_version

),

-- From eligibility, not from sending: who buys before a slow arm's mail counts in that arm, too.
observed as (

    select
        windowed.shop_id,
        windowed.campaign_key,
        windowed.campaign_version,
        windowed.person_id,
        windowed.arm_key,
        windowed.is_holdout,
        windowed.assignment_basis,
        windowed.is_contaminated,
        windowed.eligible_at,
        windowed.window_ends_at,
        windowed.window_ends_at <= windowed.as_of_at as is_mature,
        count(orders.order_id) as order_count,
        cast(coalesce(sum(orders.revenue_amount), 0) as decimal(18, 4)) as revenue_amount
    from windowed
    left join orders
        on
            windowed.shop_id = orders.shop_id
            and windowed.person_id = orders.person_id
            and windowed.eligible_at <= orders.ordered_by_at
            and windowed.window_ends_at > orders.ordered_by_at
    group by
        windowed.shop_id,
        windowed.campaign_key,
        windowed.campaign_version,
        windowed.person_id,
        windowed.arm_key,
        windowed.is_holdout,
        windowed.assignment_basis,
        windowed.is_contaminated,
        windowed.eligible_at,
        windowed.window_ends_at,
        windowed.as_of_at

)

select * from observed
