with

aged as (

    select * from {{ ref('int_orders__aged') }}

),

-- Orders of one day are one visit to the shop.
merged as (

    select
        shop_id,
        person_id,
        ordered_on,
        cast(sum(revenue_amount) as decimal(18, 4)) as revenue_amount
    from aged
    where not is_before_history
    group by
        shop_id,
        person_id,
        ordered_on

),

numbered as (

    select
        shop_id,
        person_id,
        revenue_amount,
        row_number() over (
            partition by shop_id, person_id
            order by ordered_on asc
        ) as order_day_no,
        ordered_on,
        lead(ordered_on) over (
            partition by shop_id, person_id
            order by ordered_on asc
        ) as next_ordered_on
    from merged

),

banded as (

    select
        shop_id,
        person_id,
        case
            when order_day_no = 1 then '1'
            when order_day_no = 2 then '2'
            else '3+'
        end as order_band,
        revenue_amount,
        order_day_no,
        ordered_on,
        next_ordered_on
    from numbered

)

select * from banded
