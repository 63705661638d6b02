with

statuses as (

    select * from {{ ref('int_persons__statuses') }}

),

counted as (

    select
        shop_id,
        version_month,
        is_now,
        purchase_status,
        count(*) as person_count
    from statuses
    group by
        shop_id,
        version_month,
        is_now,
        purchase_status

),

shared as (

    select
        shop_id,
        version_month,
        is_now,
        purchase_status,
        cast(
            case purchase_status
                when 'active' then 1
                when 'slowing' then 2
                when 'at_risk' then 3
                when 'dormant' then 4
            end as bigint
        ) as status_order,
        person_count,
        cast(
            sum(person_count) over (partition by shop_id, version_month, is_now) as bigint
        ) as customer_count
    from counted

),

rated as (

    select
        shop_id,
        version_month,
        is_now,
        purchase_status,
        status_order,
        person_count,
        customer_count,
        cast(person_count as double) / nullif(customer_count, 0) as status_share
    from shared

)

select * from rated
