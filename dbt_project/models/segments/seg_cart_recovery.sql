{# Long for the columns of the one contract and three items. #}

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
        max(case when offer_no = 1 then product_name end) as item_1_name,
        max(case when offer_no = 1 then price_amount end) as item_1_price,
        max(case when offer_no = 1 then image_url end) as item_1_image_url,
        max(case when offer_no = 1 then url end) as item_1_url,
        max(case when offer_no = 2 then product_name end) as item_2_name,
        max(case when offer_no = 2 then price_amount end) as item_2_price,
        max(case when offer_no = 2 then image_url end) as item_2_image_url,
        max(case when offer_no = 2 then url end) as item_2_url,
        max(case when offer_no = 3 then product_name end) as item_3_name,
        max(case when offer_no = 3 then price_amount end) as item_3_price,
        max(case when offer_no = 3 then image_url end) as item_3_image_url,
        max(case when offer_no = 3 then url end) as item_3_url,
        greatest(count(*) - 3, 0) as items_more,
        max(case when offer_no = 1 then stock_band end) as stock_band
    from offered
    group by
        shop_id,
        episode_id

),

members as (

    select
        steps_due.shop_id,
        steps_due.person_id,
        steps_due.campaign_key,
        steps_due.campaign_version,
        steps_due.step_number,
        steps_due.arm_key,
        steps_due.channel,
        steps_due.episode_id as occurrence_key,
        {{ dedupe_key(
            'steps_due.campaign_key',
            'steps_due.step_number',
            'steps_due.channel',
            'steps_due.episode_id'
        ) }} as dedupe_key,
        steps_due.qualified_at,
        steps_due.due_at,
        steps_due.valid_until_at,
        -- The first two are gates: the exporter records them and leaves the person out.
        case
            when shelves.sold_out_count = shelves.item_count then 'goods_gone'
            when steps_due.is_mailed_by_shop then 'shop_mailed'
            else 'abandoned_' || steps_due.stage
        end as reason_code,
        steps_due.is_held_out,
        case when content.episode_id is null then 'none' else 'cart' end as content_source,
        content.item_1_name,
        content.item_1_price,
        content.item_1_image_url,
        content.item_1_url,
        content.item_2_name,
        content.item_2_price,
        content.item_2_image_url,
        content.item_2_url,
        content.item_3_name,
        content.item_3_price,
        content.item_3_image_url,
        content.item_3_url,
        coalesce(content.items_more, 0) as items_more,
        content.stock_band,
        steps_due.currency,
        steps_due.value_amount,
        steps_due.value_now_amount,
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

)

select * from members
