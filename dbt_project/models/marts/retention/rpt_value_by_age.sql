with

settings as (

    select * from {{ ref('int_run__settings') }}

),

sums as (

    select * from {{ ref('int_orders__cohort_sums') }}
    where
        cohort_grain <> 'week'
        and period_unit in ('calendar_month', 'days_30')

),

valued as (

    select
        sums.shop_id,
        sums.cohort_basis,
        sums.cohort_grain,
        sums.cohort_from_on as cohort_month,
        sums.period_unit,
        sums.period_number,
        settings.currency,
        sums.exposed_person_count = sums.cohort_person_count as is_mature,
        sums.exposed_person_count > 0
        and sums.exposed_person_count < sums.cohort_person_count as is_partial,
        sums.cohort_person_count,
        sums.exposed_person_count,
        sums.revenue_amount,
        sums.cumulative_revenue_amount,
        cast(sums.revenue_amount as double) / nullif(sums.exposed_person_count, 0)
            as revenue_per_person_amount,
        cast(sums.cumulative_revenue_amount as double) / nullif(sums.exposed_person_count, 0)
            as cumulative_revenue_per_person_amount
    from sums
    inner join settings
        on sums.shop_id = settings.shop_id

)

select * from valued
