{# Long for the last source, the ranking, which is nobody's own. #}

with

offered as (

    select * from {{ ref('int_contents__offered') }}
    where is_chosen

),

tendencies as (

    select * from {{ ref('fct_person_tendencies') }}
    where
        dimension = 'category'
        and tendency_rank = 1

),

ranking as (

    select * from {{ ref('rpt_category_ranking') }}
    where window_days = 30

),

products as (

    select * from {{ ref('dim_products') }}

),

shelves as (

    select * from {{ ref('int_goods__shelved') }}
    where variant_id = ''

),

owned as (

    select * from {{ ref('int_products__owned') }}

),

settings as (

    select * from {{ ref('int_run__settings') }}

),

with_own as (

    select distinct
        shop_id,
        person_id
    from offered

),

without_own as (

    select
        tendencies.shop_id,
        tendencies.person_id,
        tendencies.dimension_value as category_id
    from tendencies
    left join with_own
        on
            tendencies.shop_id = with_own.shop_id
            and tendencies.person_id = with_own.person_id
    where with_own.person_id is null

),

-- What many buy is no news to whoever has it.
popular as (

    select
        without_own.shop_id,
        without_own.person_id,
        row_number() over (
            partition by without_own.shop_id, without_own.person_id
            order by
                ranking.category_rank asc,
                ranking.product_id asc
        ) as offer_no,
        ranking.product_id,
        products.product_name,
        shelves.stock_band,
        products.image_url,
        products.url,
        products.price_amount
    from without_own
    inner join ranking
        on
            without_own.shop_id = ranking.shop_id
            and without_own.category_id = ranking.category_id
    inner join products
        on
            ranking.shop_id = products.shop_id
            and ranking.product_id = products.product_id
            and products.image_url is not null
            and products.url is not null
    inner join shelves
        on
            ranking.shop_id = shelves.shop_id
            and ranking.product_id = shelves.product_id
    left join owned
        on
            without_own.shop_id = owned.shop_id
            and without_own.person_id = owned.person_id
            and ranking.product_id = owned.product_id
    where owned.product_id is null

),

stacked as (

    select
        shop_id,
        person_id,
        content_source,
        offer_no,
        product_id,
        product_name,
        stock_band,
        image_url,
        url,
        price_amount,
        signal_at
    from offered

    union all

    select
        shop_id,
        person_id,
        'ranking' as content_source,
        offer_no,
        product_id,
        product_name,
        stock_band,
        image_url,
        url,
        price_amount,
        cast(null as timestamp) as signal_at
    from popular
    where offer_no <= 3

),

summed_up as (

    select
        shop_id,
        person_id,
        content_source,
        {%- for n in [1, 2, 3] %}
        max(case when offer_no = {{ n }} then product_id end) as item_{{ n }}_product_id,
        {%- endfor %}
        max(case when offer_no = 1 then stock_band end) as stock_band,
        {{ mail_items() }},
        max(signal_at) as newest_signal_at
    from stacked
    group by
        shop_id,
        person_id,
        content_source

),

priced as (

    select
        summed_up.shop_id,
        summed_up.person_id,
        summed_up.item_1_product_id,
        summed_up.item_2_product_id,
        summed_up.item_3_product_id,
        summed_up.content_source,
        {{ mail_item_columns('summed_up') }},
        summed_up.stock_band,
        products.guide_url,
        settings.currency,
        summed_up.items_more,
        summed_up.newest_signal_at
    from summed_up
    inner join settings
        on summed_up.shop_id = settings.shop_id
    left join products
        on
            summed_up.shop_id = products.shop_id
            and summed_up.item_1_product_id = products.product_id

)

select * from priced
