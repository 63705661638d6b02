{# Long for six dimensions, one block each. #}

with

periods as (

    select * from {{ ref('int_run__periods') }}

),

episodes as (

    select * from {{ ref('fct_cart_episodes') }}

),

in_periods as (

    select
        periods.period_key,
        episodes.*
    from episodes
    inner join periods
        on
            episodes.shop_id = periods.shop_id
            and episodes.opened_month >= periods.first_month
            and episodes.opened_month <= periods.last_month

),

by_dimension as (

    select
        *,
        'all' as dimension,
        'all' as dimension_value
    from in_periods

    union all

    select
        *,
        'member' as dimension,
        case when is_member then 'member' else 'not_member' end as dimension_value
    from in_periods

    union all

    select
        *,
        'device' as dimension,
        device as dimension_value
    from in_periods

    union all

    select
        *,
        'stage' as dimension,
        stage as dimension_value
    from in_periods

    union all

    select
        *,
        'value_band' as dimension,
        value_band as dimension_value
    from in_periods

    union all

    select
        *,
        'weekday_hour' as dimension,
        cast(opened_weekday as string) || '-' || lpad(cast(opened_hour as string), 2, '0')
            as dimension_value
    from in_periods

),

-- A running cart is neither: it counts as opened and in no rate until it is abandoned or closed.
counted as (

    select
        shop_id,
        period_key,
        dimension,
        dimension_value,
        currency,
        count(*) as opened_count,
        count(case when is_running then 1 end) as running_count,
        count(case when not is_running then 1 end) as settled_count,
        count(case when is_abandoned then 1 end) as abandoned_count,
        count(close_reason) as closed_count,
        count(*) - count(close_reason) as open_count,
        count(case when close_reason <> 'ordered' then 1 end) as not_ordered_count,
        count(distinct case when not is_running then person_id end) as settled_person_count,
        count(distinct case when is_abandoned then person_id end) as abandoned_person_count,
        cast(sum(case when is_abandoned then value_amount end) as decimal(18, 4))
            as abandoned_value_amount
    from by_dimension
    group by
        shop_id,
        period_key,
        dimension,
        dimension_value,
        currency

),

rated as (

    select
        shop_id,
        period_key,
        dimension,
        dimension_value,
        currency,
        open_count = 0 as is_not_ordered_mature,
        opened_count,
        running_count,
        settled_count,
        abandoned_count,
        closed_count,
        open_count,
        not_ordered_count,
        settled_person_count,
        abandoned_person_count,
        abandoned_value_amount,
        cast(abandoned_count as double) / nullif(settled_count, 0) as abandonment_rate,
        cast(not_ordered_count as double) / nullif(closed_count, 0) as not_ordered_rate,
        cast(abandoned_person_count as double) / nullif(settled_person_count, 0)
            as person_abandonment_rate
    from counted

)

select * from rated
