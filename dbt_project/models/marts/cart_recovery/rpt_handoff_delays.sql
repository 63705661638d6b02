with

periods as (

    select * from {{ ref('int_run__periods') }}

),

messages as (

    select * from {{ ref('fct_messages') }}
    where due_at is not null

),

-- Handed over before it was due, a message is not late.
timed as (

    select
        shop_id,
        campaign_key,
        step_number,
        {{ month_of('handed_over_on') }} as handed_over_month,
        greatest({{ minutes_between('due_at', 'handed_over_at') }}, 0) as delay_minutes
    from messages

),

by_step as (

    select
        shop_id,
        campaign_key,
        step_number,
        handed_over_month,
        delay_minutes
    from timed

    union all

    select
        shop_id,
        campaign_key,
        cast(0 as bigint) as step_number,
        handed_over_month,
        delay_minutes
    from timed

),

by_campaign as (

    select
        *,
        campaign_key as reported_campaign
    from by_step

    union all

    select
        *,
        'all' as reported_campaign
    from by_step
    where step_number = 0

),

measured as (

    select
        by_campaign.shop_id,
        periods.period_key,
        by_campaign.reported_campaign as campaign_key,
        cast(by_campaign.step_number as bigint) as step_number,
        count(*) as message_count,
        count(case when by_campaign.delay_minutes >= 60 then 1 end) as hour_late_count,
        percentile_cont(0.5) within group (order by cast(by_campaign.delay_minutes as double))
            as median_delay_minutes,
        percentile_cont(0.95) within group (order by cast(by_campaign.delay_minutes as double))
            as ninety_fifth_delay_minutes,
        cast(max(by_campaign.delay_minutes) as bigint) as longest_delay_minutes
    from by_campaign
    inner join periods
        on
            by_campaign.shop_id = periods.shop_id
            and by_campaign.handed_over_month >= periods.first_month
            and by_campaign.handed_over_month <= periods.last_month
    group by
        by_campaign.shop_id,
        periods.period_key,
        by_campaign.reported_campaign,
        by_campaign.step_number

)

select * from measured
