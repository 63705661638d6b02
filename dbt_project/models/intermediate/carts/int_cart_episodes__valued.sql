with

items as (

    select * from {{ ref('int_cart_episode_items__shelved') }}
    where held_when = 'abandoned'

),

priced as (

    select
        shop_id,
        episode_id,
        quantity,
        cast(quantity as decimal(12, 3)) * cast(unit_amount as decimal(18, 4)) as line_amount,
        case
            when is_in_catalogue and not is_purchasable then 0
            else cast(quantity as decimal(12, 3)) * cast(price_now_amount as decimal(18, 4))
        end as line_now_amount
    from items

),

-- Goods without a price are left out; nothing priced at all is not worth 0 but unknown.
valued as (

    select
        shop_id,
        episode_id,
        count(case when quantity > 0 then 1 end) as item_count,
        cast(sum(line_amount) as decimal(18, 4)) as value_amount,
        cast(sum(line_now_amount) as decimal(18, 4)) as value_now_amount
    from priced
    group by
        shop_id,
        episode_id

)

select * from valued
