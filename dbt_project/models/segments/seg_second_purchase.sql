with

orders as (

    select * from {{ ref('fct_orders') }}
    where purchase_no = 1

),

persons as (

    select * from {{ ref('dim_persons') }}
    where
        order_count = 1
        -- Known before the history begins: the one order we know may be their tenth.
        and not is_before_history

),

intervals as (

    select * from {{ ref('rpt_purchase_intervals') }}
    where
        order_band = '1'
        and q50_days is not null

),

recommendations as (

    select * from {{ ref('fct_person_recommendations') }}
    where recommendation_rank = 1

),

products as (

    select * from {{ ref('dim_products') }}

),

shops as (

    select * from {{ ref('dim_shops') }}

),

-- The shop's own median is the version of this month; a fixed number of days beats it.
ages as (

    select
        shops.shop_id,
        shops.currency,
        cast(
            case
                when shops.second_purchase_days > 0 then shops.second_purchase_days
                else intervals.q50_days
            end as bigint
        ) as days_since_first
    from shops
    left join intervals
        on
            shops.shop_id = intervals.shop_id
            and {{ month_of('shops.as_of_on') }} = intervals.version_month

),

qualified as (

    select
        persons.shop_id,
        persons.person_id,
        orders.order_id as occurrence_key,
        orders.ordered_at as qualified_at,
        {{ add_days_on('orders.ordered_on', 'ages.days_since_first') }} as counted_from_on,
        'no_second_order' as reason_code,
        'none' as content_source,
        ages.currency,
        persons.top_category_id as first_category_id,
        recommendations.product_id as next_product_id,
        products.product_name as next_product_name,
        products.url as next_product_url,
        orders.revenue_amount as first_order_amount,
        orders.ordered_on as first_ordered_on,
        ages.days_since_first
    from persons
    inner join orders
        on
            persons.shop_id = orders.shop_id
            and persons.person_id = orders.person_id
    inner join ages
        on persons.shop_id = ages.shop_id
    left join recommendations
        on
            persons.shop_id = recommendations.shop_id
            and persons.person_id = recommendations.person_id
    left join products
        on
            recommendations.shop_id = products.shop_id
            and recommendations.product_id = products.product_id
    where ages.days_since_first is not null

),

{{ segment_members(
    'second_purchase',
    facts=[
        'currency', 'first_category_id', 'next_product_id', 'next_product_name',
        'next_product_url', 'first_order_amount', 'first_ordered_on', 'days_since_first',
    ]
) }}

select * from members
