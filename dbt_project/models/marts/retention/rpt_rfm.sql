with

settings as (

    select * from {{ ref('int_run__settings') }}

),

scores as (

    select * from {{ ref('int_persons__rfm_scores') }}

),

counted as (

    select
        scores.shop_id,
        scores.version_month,
        scores.recency_score,
        scores.frequency_score,
        scores.rfm_group,
        settings.currency,
        count(*) as person_count,
        cast(sum(scores.revenue_amount) as decimal(18, 4)) as revenue_amount
    from scores
    inner join settings
        on scores.shop_id = settings.shop_id
    group by
        scores.shop_id,
        scores.version_month,
        scores.recency_score,
        scores.frequency_score,
        scores.rfm_group,
        settings.currency

),

totalled as (

    select
        *,
        cast(sum(person_count) over (partition by shop_id) as bigint) as customer_count
    from counted

),

rated as (

    select
        shop_id,
        version_month,
        recency_score,
        frequency_score,
        rfm_group,
        currency,
        person_count,
        customer_count,
        revenue_amount,
        cast(person_count as double) / nullif(customer_count, 0) as person_share,
        cast(revenue_amount as double) / nullif(person_count, 0) as revenue_per_person_amount
    from totalled

)

select * from rated
