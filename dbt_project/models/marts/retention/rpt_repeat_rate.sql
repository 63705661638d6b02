with

periods as (

    select * from {{ ref('int_run__periods') }}

),

aged as (

    select * from {{ ref('int_orders__aged') }}

),

spans as (

    select 30 as within_days
    union all
    select 60 as within_days
    union all
    select 90 as within_days
    union all
    select 180 as within_days
    union all
    select 365 as within_days

),

pairs as (

    select
        earlier.shop_id,
        earlier.person_id,
        earlier.purchase_no as from_order_no,
        earlier.ordered_month,
        earlier.watched_days,
        {{ days_between('earlier.ordered_at', 'later.ordered_at') }} as gap_days,
        coalesce(earlier.ordered_on = later.ordered_on, false) as is_same_day
    from aged as earlier
    left join aged as later
        on
            earlier.shop_id = later.shop_id
            and earlier.person_id = later.person_id
            and earlier.purchase_no + 1 = later.purchase_no
    where
        earlier.purchase_no <= 4
        and not earlier.is_before_history

),

-- Persons whose order is not yet so old are left out on both sides.
eligible as (

    select
        pairs.shop_id,
        pairs.from_order_no,
        pairs.ordered_month,
        spans.within_days,
        count(*) as eligible_person_count,
        count(case when pairs.gap_days < spans.within_days then 1 end) as repeated_person_count,
        count(case when pairs.is_same_day then 1 end) as same_day_person_count
    from pairs
    inner join spans
        on pairs.watched_days >= spans.within_days
    group by
        pairs.shop_id,
        pairs.from_order_no,
        pairs.ordered_month,
        spans.within_days

),

by_period as (

    select
        eligible.shop_id,
        periods.period_key,
        eligible.from_order_no,
        cast(eligible.within_days as bigint) as within_days,
        cast(sum(eligible.eligible_person_count) as bigint) as eligible_person_count,
        cast(sum(eligible.repeated_person_count) as bigint) as repeated_person_count,
        cast(sum(eligible.same_day_person_count) as bigint) as same_day_person_count
    from eligible
    inner join periods
        on
            eligible.shop_id = periods.shop_id
            and eligible.ordered_month between periods.first_month and periods.last_month
    group by
        eligible.shop_id,
        periods.period_key,
        eligible.from_order_no,
        eligible.within_days

),

rated as (

    select
        *,
        cast(repeated_person_count as double) / nullif(eligible_person_count, 0) as repeat_rate,
        cast(same_day_person_count as double) / nullif(repeated_person_count, 0) as same_day_share
    from by_period

)

select * from rated
