{# Long for two clocks, two kinds of order and their buckets of hours. #}

with

periods as (

    select * from {{ ref('int_run__periods') }}

),

campaigns as (

    select * from {{ ref('stg_campaigns') }}
    where segment_key = 'cart_recovery'

),

credited as (

    select * from {{ ref('int_recovery__credited') }}

),

messages as (

    select * from {{ ref('fct_messages') }}
    where is_mature

),

episodes as (

    select * from {{ ref('fct_cart_episodes') }}
    where is_abandoned

),

orders as (

    select * from {{ ref('int_recovery__orders') }}

),

buckets as (

    select
        cast(1 as bigint) as bucket_number,
        cast(0 as bigint) as from_hours,
        cast(1 as bigint) as to_hours
    union all
    select
        2 as bucket_number,
        1 as from_hours,
        3 as to_hours
    union all
    select
        3 as bucket_number,
        3 as from_hours,
        6 as to_hours
    union all
    select
        4 as bucket_number,
        6 as from_hours,
        12 as to_hours
    union all
    select
        5 as bucket_number,
        12 as from_hours,
        24 as to_hours
    union all
    select
        6 as bucket_number,
        24 as from_hours,
        48 as to_hours
    union all
    select
        7 as bucket_number,
        48 as from_hours,
        96 as to_hours
    union all
    select
        8 as bucket_number,
        96 as from_hours,
        cast(null as bigint) as to_hours

),

-- An order known by its date alone says nothing of hours.
timed as (

    select
        credited.shop_id,
        credited.order_id,
        case when credited.is_recovered then 'recovered' else 'self_ordered' end as order_kind,
        messages.sent_month,
        orders.ordered_at,
        messages.sent_at,
        episodes.abandoned_at
    from credited
    inner join campaigns
        on
            credited.shop_id = campaigns.shop_id
            and credited.campaign_key = campaigns.campaign_key
            and credited.campaign_version = campaigns.campaign_version
    inner join messages
        on
            credited.shop_id = messages.shop_id
            and credited.message_id = messages.message_id
    inner join orders
        on
            credited.shop_id = orders.shop_id
            and credited.order_id = orders.order_id
            and orders.ordered_at = orders.ordered_by_at
    left join episodes
        on
            credited.shop_id = episodes.shop_id
            and credited.occurrence_key = episodes.episode_id

),

clocked as (

    select
        shop_id,
        order_id,
        order_kind,
        sent_month,
        'sent' as measured_from,
        cast({{ minutes_between('sent_at', 'ordered_at') }} as double) / 60 as elapsed_hours
    from timed

    union all

    select
        shop_id,
        order_id,
        order_kind,
        sent_month,
        'abandoned' as measured_from,
        cast({{ minutes_between('abandoned_at', 'ordered_at') }} as double) / 60 as elapsed_hours
    from timed
    where abandoned_at <= ordered_at

),

in_periods as (

    select
        periods.period_key,
        clocked.*
    from clocked
    inner join periods
        on
            clocked.shop_id = periods.shop_id
            and clocked.sent_month >= periods.first_month
            and clocked.sent_month <= periods.last_month

),

distributions as (

    select
        shop_id,
        period_key,
        order_kind,
        measured_from,
        count(*) as total_order_count,
        percentile_cont(0.25) within group (order by elapsed_hours) as first_quartile_hours,
        percentile_cont(0.5) within group (order by elapsed_hours) as median_hours,
        percentile_cont(0.75) within group (order by elapsed_hours) as third_quartile_hours,
        percentile_cont(0.9) within group (order by elapsed_hours) as ninetieth_percentile_hours
    from in_periods
    group by
        shop_id,
        period_key,
        order_kind,
        measured_from

),

bucketed as (

    select
        in_periods.shop_id,
        in_periods.period_key,
        in_periods.order_kind,
        in_periods.measured_from,
        buckets.bucket_number,
        count(*) as order_count
    from in_periods
    inner join buckets
        on
            in_periods.elapsed_hours >= buckets.from_hours
            and coalesce(in_periods.elapsed_hours < buckets.to_hours, true)
    group by
        in_periods.shop_id,
        in_periods.period_key,
        in_periods.order_kind,
        in_periods.measured_from,
        buckets.bucket_number

),

counted as (

    select
        distributions.shop_id,
        distributions.period_key,
        distributions.order_kind,
        distributions.measured_from,
        buckets.bucket_number,
        buckets.from_hours,
        buckets.to_hours,
        -- No order came in these hours.
        coalesce(bucketed.order_count, 0) as order_count,
        distributions.total_order_count,
        distributions.first_quartile_hours,
        distributions.median_hours,
        distributions.third_quartile_hours,
        distributions.ninetieth_percentile_hours
    from distributions
    cross join buckets
    left join bucketed
        on
            distributions.shop_id = bucketed.shop_id
            and distributions.period_key = bucketed.period_key
            and distributions.order_kind = bucketed.order_kind
            and distributions.measured_from = bucketed.measured_from
            and buckets.bucket_number = bucketed.bucket_number

),

cumulated as (

    select
        shop_id,
        period_key,
        order_kind,
        measured_from,
        bucket_number,
        from_hours,
        to_hours,
        order_count,
        cast(
            sum(order_count) over (
                partition by shop_id, period_key, order_kind, measured_from
                order by bucket_number
                rows between unbounded preceding and current row
            ) as bigint
        ) as cumulative_order_count,
        total_order_count,
        first_quartile_hours,
        median_hours,
        third_quartile_hours,
        ninetieth_percentile_hours
    from counted

)

select * from cumulated
