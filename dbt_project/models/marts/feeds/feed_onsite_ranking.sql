with

visitors as (

    select * from {{ ref('dim_visitors') }}

),

searched as (

    select * from {{ ref('int_persons__searched') }}

),

words as (

    select * from {{ ref('rpt_search_words') }}
    where has_ranking

),

-- Five fit beside a list of results.
ranking as (

    select * from {{ ref('rpt_category_ranking') }}
    where
        window_days = 30
        and category_rank <= 5

),

products as (

    select * from {{ ref('dim_products') }}

),

ranked as (

    select
        visitors.shop_id,
        visitors.visitor_kind,
        visitors.visitor_id,
        ranking.category_rank as item_rank,
        words.search_word,
        words.category_id,
        words.category_name,
        ranking.product_id,
        ranking.product_name,
        products.url,
        products.image_url,
        products.currency,
        products.price_amount,
        visitors.last_seen_at,
        visitors.as_of_at
    from visitors
    inner join searched
        on
            visitors.shop_id = searched.shop_id
            and visitors.person_id = searched.person_id
    inner join words
        on
            searched.shop_id = words.shop_id
            and searched.search_word = words.search_word
    inner join ranking
        on
            words.shop_id = ranking.shop_id
            and words.category_id = ranking.category_id
    inner join products
        on
            ranking.shop_id = products.shop_id
            and ranking.product_id = products.product_id

)

select * from ranked
