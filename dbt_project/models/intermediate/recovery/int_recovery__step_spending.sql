with

step_rows as (

    select * from {{ ref('int_recovery__step_rows') }}

),

credited as (

    select * from {{ ref('int_recovery__credited') }}
    where is_recovered

),

outlier_limits as (

    select * from {{ ref('int_recovery__outlier_limits') }}

),

orders as (

    select
        step_rows.shop_id,
        step_rows.period_key,
        step_rows.campaign_key,
        step_rows.campaign_version,
        step_rows.step_number,
        step_rows.arm_key,
        step_rows.is_mature,
        credited.order_id,
        credited.person_id,
        credited.revenue_amount,
        case
            when credited.revenue_amount <= outlier_limits.outlier_limit_amount
                then credited.revenue_amount
        end as ordinary_amount
    from step_rows
    inner join credited
        on
            step_rows.shop_id = credited.shop_id
            and step_rows.message_id = credited.message_id
    left join outlier_limits
        on step_rows.shop_id = outlier_limits.shop_id

),

by_person as (

    select
        shop_id,
        period_key,
        campaign_key,
        campaign_version,
        step_number,
        arm_key,
        is_mature,
        person_id,
        count(*) as order_count,
        sum(revenue_amount) as spend_amount,
        sum(ordinary_amount) as ordinary_amount,
        max(revenue_amount) as top_order_amount
    from orders
    group by
        shop_id,
        period_key,
        campaign_key,
        campaign_version,
        step_number,
        arm_key,
        is_mature,
        person_id

),

-- A person is one orderer however many steps and orders brought them back.
summed_up as (

    select
        shop_id,
        period_key,
        campaign_key,
        campaign_version,
        step_number,
        arm_key,
        is_mature,
        count(*) as orderer_count,
        cast(sum(order_count) as bigint) as order_count,
        cast(sum(spend_amount) as decimal(18, 4)) as recovered_amount,
        percentile_cont(0.5) within group (order by cast(spend_amount as double))
            as median_spend_amount,
        cast(sum(ordinary_amount) as double) / nullif(count(ordinary_amount), 0)
            as spend_without_outliers_amount,
        cast(max(top_order_amount) as double) / nullif(cast(sum(spend_amount) as double), 0)
            as top_order_share
    from by_person
    group by
        shop_id,
        period_key,
        campaign_key,
        campaign_version,
        step_number,
        arm_key,
        is_mature

)

select * from summed_up
