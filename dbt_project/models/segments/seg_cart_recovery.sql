{# Long for the goods in the cart. #}

with

steps_due as (

    select * from {{ ref('fct_cart_steps_due') }}

),

items as (

    select * from {{ ref('fct_cart_episode_items') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

shops as (

    select * from {{ ref('dim_shops') }}

),

shelves as (

    select
        shop_id,
        episode_id,
        count(*) as item_count,
        count(case when is_in_catalogue and not is_purchasable then 1 end) as sold_out_count
    from items
    group by
        shop_id,
        episode_id

),

-- Only what can be shown and bought now is named: the newest three, the rest as a number.
offered as (

    select
        items.shop_id,
        items.episode_id,
        products.product_name,
        items.price_now_amount as price_amount,
        items.image_url,
        products.url,
        products.guide_url,
        items.stock_band,
        row_number() over (
            partition by items.shop_id, items.episode_id
            order by items.item_no
        ) as offer_no
    from items
    inner join products
        on
            items.shop_id = products.shop_id
            and items.product_id = products.product_id
    where
        items.is_purchasable
        and products.url is not null
        and items.image_url is not null

),

content as (

    select
        shop_id,
        episode_id,
        {{ mail_items() }},
        max(case when offer_no = 1 then stock_band end) as stock_band,
        max(case when offer_no = 1 then guide_url end) as guide_url
    from offered
    group by
        shop_id,
        episode_id

),

described as (

    select
        steps_due.*,
        steps_due.episode_id as occurrence_key,
        -- The first two are gates: the exporter records them and leaves the person out.
        case
            when shelves.sold_out_count = shelves.item_count then 'goods_gone'
            when steps_due.is_mailed_by_shop then 'shop_mailed'
            else 'abandoned_' || steps_due.stage
        end as reason_code,
        case when content.episode_id is null then 'none' else 'cart' end as content_source,
        {{ mail_item_columns('content') }},
        coalesce(content.items_more, 0) as items_more,
        content.stock_band,
        content.guide_url,
        shops.ships_within_hours,
        shops.warranty_months,
        shops.shipping_fee_amount,
        cast(
            case
                when shops.free_shipping_from_amount > steps_due.value_now_amount
                    then shops.free_shipping_from_amount - steps_due.value_now_amount
                when shops.free_shipping_from_amount <= steps_due.value_now_amount then 0
            end as decimal(18, 4)
        ) as amount_to_free_shipping
    from steps_due
    inner join shops
        on steps_due.shop_id = shops.shop_id
    left join shelves
        on
            steps_due.shop_id = shelves.shop_id
            and steps_due.episode_id = shelves.episode_id
    left join content
        on
            steps_due.shop_id = content.shop_id
            and steps_due.episode_id = content.episode_id

),

members as (

    select {{ segment_columns('described', item_facts() + [
        'stock_band', 'guide_url', 'currency', 'value_amount', 'value_now_amount',
        'ships_within_hours', 'warranty_months', 'shipping_fee_amount', 'amount_to_free_shipping',
    ]) }}
    from described

)

select * from members
