with

activities as (

    select * from {{ ref('int_cart_activities__spaced') }}

),

-- A cart is valued as it stood when first abandoned, else at the last activity that left something.
abandoned as (

    select
        shop_id,
        episode_id,
        count(case when is_abandonment then 1 end) as abandonment_count,
        min(case when is_abandonment then idle_at end) as abandoned_at,
        max(case when is_abandonment then idle_at end) as last_abandoned_at,
        coalesce(
            min(case when is_abandonment then position end),
            max(case when not is_close then position end)
        ) as valued_position,
        max(case when not is_close then position end) as last_position
    from activities
    group by
        shop_id,
        episode_id

)

select * from abandoned
