with

periods as (

    select * from {{ ref('int_run__periods') }}

),

messages as (

    select
        *,
        {{ month_of('sent_on') }} as sent_month
    from {{ ref('int_messages__reported') }}

),

step_grains as (

    select true as is_total_of_steps
    union all
    select false as is_total_of_steps

),

arm_grains as (

    select true as is_total_of_arms
    union all
    select false as is_total_of_arms

),

-- Every message stands in its own row, the total of steps, the total of arms and both.
spread as (

    select
        messages.shop_id,
        periods.period_key,
        messages.message_id,
        messages.campaign_key,
        messages.campaign_version,
        cast(case when step_grains.is_total_of_steps then 0 else messages.step_number end as bigint)
            as step_number,
        case when arm_grains.is_total_of_arms then 'all' else messages.arm_key end as arm_key,
        messages.is_mature
    from messages
    inner join periods
        on
            messages.shop_id = periods.shop_id
            and messages.sent_month >= periods.first_month
            and messages.sent_month <= periods.last_month
    cross join step_grains
    cross join arm_grains

)

select * from spread
