with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

episodes as (

    select * from {{ ref('int_recovery__campaigned') }}

),

reachable as (

    select * from {{ ref('int_recovery__reachable') }}
    where is_reachable

),

orders as (

    select * from {{ ref('int_recovery__orders') }}

),

-- The last twelve full months, whether or not a campaign ran in them.
eligible as (

    select
        episodes.shop_id,
        episodes.episode_id,
        episodes.person_id,
        episodes.campaign_key,
        episodes.as_of_at,
        as_of.as_of_month,
        {{ month_of('episodes.abandoned_on') }} as abandoned_month,
        reachable.eligible_at,
        {{ add_days('reachable.eligible_at', 'episodes.window_days') }} as window_ends_at
    from episodes
    inner join reachable
        on
            episodes.shop_id = reachable.shop_id
            and episodes.episode_id = reachable.episode_id
    inner join as_of
        on episodes.shop_id = as_of.shop_id
    where
        (episodes.closed_at is null or episodes.closed_at > reachable.eligible_at)
        and {{ month_of('episodes.abandoned_on') }} < as_of.as_of_month
        and {{ month_of('episodes.abandoned_on') }} >= {{ add_months_on('as_of.as_of_month', -12) }}

),

observed as (

    select
        eligible.shop_id,
        eligible.episode_id,
        eligible.person_id,
        eligible.campaign_key is not null as has_campaign,
        eligible.window_ends_at <= eligible.as_of_at as is_mature,
        count(orders.order_id) > 0 as has_ordered,
        {{ months_between('eligible.abandoned_month', 'eligible.as_of_month') }} as months_ago,
        eligible.eligible_at
    from eligible
    left join orders
        on
            eligible.shop_id = orders.shop_id
            and eligible.person_id = orders.person_id
            and eligible.eligible_at <= orders.ordered_by_at
            and eligible.window_ends_at > orders.ordered_by_at
    group by
        eligible.shop_id,
        eligible.episode_id,
        eligible.person_id,
        eligible.campaign_key,
        eligible.as_of_at,
        eligible.as_of_month,
        eligible.abandoned_month,
        eligible.eligible_at,
        eligible.window_ends_at

)

select * from observed
