with

grouped as (

    select * from {{ ref('int_experiments__grouped') }}
    where
        metric_key = 'order'
        and is_mature

),

-- A bootstrap needs the amounts and how often they stand, not the persons.
tallied as (

    select
        shop_id,
        campaign_key,
        campaign_version,
        arm_key,
        is_holdout,
        coalesce(capped_revenue_amount, 0) as capped_revenue_amount,
        count(*) as person_count
    from grouped
    group by
        shop_id,
        campaign_key,
        campaign_version,
        arm_key,
        is_holdout,
        coalesce(capped_revenue_amount, 0)

)

select * from tallied
