with

statuses as (

    select * from {{ ref('int_persons__statuses') }}
    where is_now

),

named as (

    select
        shop_id,
        person_id,
        case
            when purchase_status = 'dormant' then 'dormant'
            when order_band = '1' then 'new'
            else 'returning'
        end as customer_group
    from statuses

),

grouped as (

    select
        shop_id,
        customer_group,
        count(*) as person_count
    from named
    group by
        shop_id,
        customer_group

),

totalled as (

    select
        *,
        cast(sum(person_count) over (partition by shop_id) as bigint) as customer_count
    from grouped

),

shared as (

    select
        shop_id,
        customer_group,
        cast(
            case customer_group
                when 'new' then 1
                when 'returning' then 2
                when 'dormant' then 3
            end as bigint
        ) as group_order,
        person_count,
        customer_count,
        cast(person_count as double) / nullif(customer_count, 0) as person_share
    from totalled

)

select * from shared
