with

step_rows as (

    select * from {{ ref('int_recovery__step_rows') }}

),

credited as (

    select * from {{ ref('int_recovery__credited') }}
    where is_recovered

),

possibly_credited as (

    select * from {{ ref('int_recovery__possibly_credited') }}

),

-- Recovered for certain, and what a click of unknown origin may have brought.
earned as (

    select
        shop_id,
        message_id,
        order_id,
        person_id,
        revenue_amount,
        true as is_certain
    from credited

    union all

    select
        shop_id,
        message_id,
        order_id,
        person_id,
        revenue_amount,
        false as is_certain
    from possibly_credited

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
        earned.person_id,
        earned.is_certain,
        earned.revenue_amount as possible_amount,
        case when earned.is_certain then earned.revenue_amount end as revenue_amount,
        case
            when
                earned.is_certain
                and earned.revenue_amount <= outlier_limits.outlier_limit_amount
                then earned.revenue_amount
        end as ordinary_amount
    from step_rows
    inner join earned
        on
            step_rows.shop_id = earned.shop_id
            and step_rows.message_id = earned.message_id
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
        count(case when is_certain then 1 end) as order_count,
        sum(possible_amount) as possible_amount,
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
        count(case when order_count > 0 then 1 end) as orderer_count,
        count(*) as orderer_with_unknown_count,
        cast(sum(order_count) as bigint) as order_count,
        cast(sum(spend_amount) as decimal(18, 4)) as recovered_amount,
        cast(sum(possible_amount) as decimal(18, 4)) as recovered_with_unknown_amount,
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
