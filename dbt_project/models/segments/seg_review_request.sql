{# Long for the goods of several orders in one mail. #}

with

orders as (

    select * from {{ ref('fct_review_orders') }}

),

reviewable_goods as (

    select * from {{ ref('fct_reviewable_goods') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

shops as (

    select * from {{ ref('dim_shops') }}

),

-- Several orders of one day are one mail, a product in two of them is one thing to review.
goods as (

    select
        orders.shop_id,
        orders.person_id,
        orders.campaign_key,
        orders.campaign_version,
        orders.occurrence_key,
        reviewable_goods.product_id,
        max(orders.ordered_at) as ordered_at
    from orders
    inner join reviewable_goods
        on
            orders.shop_id = reviewable_goods.shop_id
            and orders.order_id = reviewable_goods.order_id
    group by
        orders.shop_id,
        orders.person_id,
        orders.campaign_key,
        orders.campaign_version,
        orders.occurrence_key,
        reviewable_goods.product_id

),

offered as (

    select
        goods.*,
        products.product_name,
        products.price_amount,
        products.image_url,
        products.url,
        row_number() over (
            partition by
                goods.shop_id,
                goods.person_id,
                goods.campaign_key,
                goods.campaign_version,
                goods.occurrence_key
            order by
                goods.ordered_at desc,
                goods.product_id asc
        ) as offer_no
    from goods
    inner join products
        on
            goods.shop_id = products.shop_id
            and goods.product_id = products.product_id
    where
        products.image_url is not null
        and products.url is not null

),

content as (

    select
        shop_id,
        person_id,
        campaign_key,
        campaign_version,
        occurrence_key,
        {{ mail_items() }}
    from offered
    group by
        shop_id,
        person_id,
        campaign_key,
        campaign_version,
        occurrence_key

),

asked as (

    select
        shop_id,
        person_id,
        campaign_key,
        campaign_version,
        occurrence_key,
        basis_on,
        basis,
        count(*) as order_count,
        max(basis_at) as qualified_at
    from orders
    group by
        shop_id,
        person_id,
        campaign_key,
        campaign_version,
        occurrence_key,
        basis_on,
        basis

),

qualified as (

    select
        asked.shop_id,
        asked.person_id,
        asked.campaign_key,
        asked.campaign_version,
        asked.occurrence_key,
        asked.qualified_at,
        asked.basis_on as counted_from_on,
        'no_review_since_' || asked.basis as reason_code,
        case when content.person_id is null then 'none' else 'order' end as content_source,
        {{ mail_item_columns('content') }},
        coalesce(content.items_more, 0) as items_more,
        shops.currency,
        asked.basis as review_basis,
        asked.order_count,
        shops.warranty_months,
        asked.basis_on as review_basis_on
    from asked
    inner join shops
        on asked.shop_id = shops.shop_id
    left join content
        on
            asked.shop_id = content.shop_id
            and asked.person_id = content.person_id
            and asked.campaign_key = content.campaign_key
            and asked.campaign_version = content.campaign_version
            and asked.occurrence_key = content.occurrence_key

),

{{ segment_members(
    'review_request',
    facts=item_facts() + [
        'currency', 'review_basis', 'order_count', 'warranty_months', 'review_basis_on',
    ],
    by=['campaign_key', 'campaign_version']
) }}

select * from members
