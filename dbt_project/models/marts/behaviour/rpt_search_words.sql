with

words as (

    select * from {{ ref('int_search_words__categorised') }}

),

settings as (

    select * from {{ ref('int_run__settings') }}

),

categories as (

    select * from {{ ref('stg_categories') }}

),

ranking as (

    select * from {{ ref('rpt_category_ranking') }}
    where
        window_days = 30
        and category_rank = 1

),

-- What few have typed may be about one of them.
shown as (

    select
        words.shop_id,
        words.search_word,
        words.category_id,
        categories.category_name,
        words.category_basis,
        ranking.product_id is not null as has_ranking,
        words.search_count,
        words.searcher_count,
        words.followed_count,
        words.view_count,
        words.category_view_count,
        cast(words.followed_count as double) / nullif(words.search_count, 0) as followed_rate,
        cast(words.category_view_count as double) / nullif(words.view_count, 0) as category_share
    from words
    inner join settings
        on
            words.shop_id = settings.shop_id
            and words.searcher_count >= settings.hide_below
    left join categories
        on
            words.shop_id = categories.shop_id
            and words.category_id = categories.category_id
    left join ranking
        on
            words.shop_id = ranking.shop_id
            and words.category_id = ranking.category_id

)

select * from shown
