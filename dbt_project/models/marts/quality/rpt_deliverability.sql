with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

messages as (

    select * from {{ ref('fct_messages') }}
    where
        is_sent
        and channel = 'email'

),

-- A window of days, not of months: a mailbox judges a sender by the last weeks.
recent as (

    select messages.*
    from messages
    inner join as_of
        on messages.shop_id = as_of.shop_id
    where
        messages.sent_on > {{ add_days_on('as_of.as_of_on', '-30') }}
        and messages.sent_at < as_of.as_of_at

),

counted as (

    select
        shop_id,
        destination,
        count(*) as sent_count,
        count(case when is_complained then 1 end) as complaint_count,
        count(case when is_bounced and bounce_reason = 'hard_bounce' then 1 end)
            as hard_bounce_count
    from recent
    group by
        shop_id,
        destination

),

rated as (

    select
        shop_id,
        destination,
        sent_count,
        complaint_count,
        hard_bounce_count,
        cast(complaint_count as double) / nullif(sent_count, 0) as complaint_rate,
        cast(hard_bounce_count as double) / nullif(sent_count, 0) as hard_bounce_rate
    from counted

)

select * from rated
