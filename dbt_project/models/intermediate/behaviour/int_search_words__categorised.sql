{# Long for its two ways from a word to a category. #}

{#- Days a word's meaning is taken from. -#}
{%- set window_days = 30 -%}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

events as (

    select
        *,
        {{ visitor_key('anonymous_id', 'person_id') }} as visitor_key,
        event_name = 'Products Searched' as is_search,
        lower(trim(search_text)) as search_word
    from {{ ref('int_events__identified') }}
    where
        (event_name = 'Products Searched' and trim(search_text) <> '')
        or (event_name = 'Product Viewed' and product_id is not null)

),

sessions as (

    select * from {{ ref('int_sessions__built') }}

),

products as (

    select * from {{ ref('stg_products') }}

),

categories as (

    select * from {{ ref('stg_categories') }}

),

-- What is looked at after a search and before the next one of the visit was found by it.
followed as (

    select
        events.shop_id,
        sessions.session_id,
        events.person_id,
        events.product_id,
        events.search_word,
        events.is_search,
        sum(case when events.is_search then 1 else 0 end) over (
            partition by events.shop_id, sessions.session_id
            order by
                events.occurred_at asc,
                events.event_id asc
            rows between unbounded preceding and current row
        ) as search_no
    from events
    inner join as_of
        on
            events.shop_id = as_of.shop_id
            and events.occurred_at >= {{ add_days('as_of.as_of_at', '-' ~ window_days) }}
    inner join sessions
        on
            events.shop_id = sessions.shop_id
            and events.visitor_key = sessions.visitor_key
            and events.occurred_at >= sessions.started_at
            and events.occurred_at <= sessions.ended_at

),

views as (

    select distinct
        searches.shop_id,
        searches.search_word,
        searches.session_id,
        searches.search_no,
        looks.product_id
    from followed as searches
    inner join followed as looks
        on
            searches.shop_id = looks.shop_id
            and searches.session_id = looks.session_id
            and searches.search_no = looks.search_no
    where
        searches.is_search
        and not looks.is_search

),

words as (

    select
        shop_id,
        search_word,
        count(*) as search_count,
        count(distinct person_id) as searcher_count
    from followed
    where is_search
    group by
        shop_id,
        search_word

),

followed_words as (

    select
        views.shop_id,
        views.search_word,
        count(distinct {{ hash_key(['views.session_id', 'views.search_no']) }}) as followed_count,
        count(*) as view_count
    from views
    group by
        views.shop_id,
        views.search_word

),

viewed_categories as (

    select
        views.shop_id,
        views.search_word,
        products.primary_category_id as category_id,
        count(*) as view_count
    from views
    inner join products
        on
            views.shop_id = products.shop_id
            and views.product_id = products.product_id
    where products.primary_category_id is not null
    group by
        views.shop_id,
        views.search_word,
        products.primary_category_id

),

ranked_views as (

    select
        *,
        row_number() over (
            partition by shop_id, search_word
            order by
                view_count desc,
                category_id asc
        ) as view_rank
    from viewed_categories

),

-- A word that led nowhere may still say what it means: the name it is, holds, or is part of.
named as (

    select
        words.shop_id,
        words.search_word,
        categories.category_id,
        row_number() over (
            partition by words.shop_id, words.search_word
            order by
                case when lower(categories.category_name) = words.search_word then 0 else 1 end asc,
                length(categories.category_name) desc,
                categories.category_id asc
        ) as name_rank
    from words
    left join ranked_views
        on
            words.shop_id = ranked_views.shop_id
            and words.search_word = ranked_views.search_word
            and ranked_views.view_rank = 1
    inner join categories
        on
            words.shop_id = categories.shop_id
            and length(categories.category_name) > 1
            and length(words.search_word) > 1
            and (
                position(lower(categories.category_name) in words.search_word) > 0
                or position(words.search_word in lower(categories.category_name)) > 0
            )
    where ranked_views.category_id is null

),

categorised as (

    select
        words.shop_id,
        words.search_word,
        coalesce(ranked_views.category_id, named.category_id) as category_id,
        case
            when ranked_views.category_id is not null then 'viewed'
            when named.category_id is not null then 'name'
            else 'none'
        end as category_basis,
        words.search_count,
        words.searcher_count,
        -- Nothing found after it is nothing looked at.
        coalesce(followed_words.followed_count, 0) as followed_count,
        coalesce(followed_words.view_count, 0) as view_count,
        coalesce(ranked_views.view_count, 0) as category_view_count
    from words
    left join followed_words
        on
            words.shop_id = followed_words.shop_id
            and words.search_word = followed_words.search_word
    left join ranked_views
        on
            words.shop_id = ranked_views.shop_id
            and words.search_word = ranked_views.search_word
            and ranked_views.view_rank = 1
    left join named
        on
            words.shop_id = named.shop_id
            and words.search_word = named.search_word
            and named.name_rank = 1

)

select * from categorised
