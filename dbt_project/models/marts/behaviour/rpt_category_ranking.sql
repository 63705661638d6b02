{# Long for the fallback to a wider category, which must show whose ranking it is. #}

{#- A ranking made by fewer people is not one. -#}
{%- set least_persons = 5 -%}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

nested as (

    select * from {{ ref('int_categories__nested') }}

),

categories as (

    select * from {{ ref('stg_categories') }}

),

signals as (

    select * from {{ ref('int_products__signals') }}
    where signal_kind in ('order', 'cart')

),

products as (

    select * from {{ ref('dim_products') }}

),

product_categories as (

    select * from {{ ref('stg_product_categories') }}

),

windows as (

    select cast(7 as bigint) as window_days
    union all
    select 30 as window_days

),

recent as (

    select
        signals.shop_id,
        signals.person_id,
        signals.product_id,
        signals.signal_kind,
        windows.window_days
    from signals
    inner join as_of
        on signals.shop_id = as_of.shop_id
    inner join windows
        on signals.last_signal_at >= {{ add_days('as_of.as_of_at', '-windows.window_days') }}

),

-- The main category and every other one the shop has put a product into.
placed as (

    select
        shop_id,
        product_id,
        category_id
    from products
    where category_id is not null

    union

    select
        shop_id,
        product_id,
        category_id
    from product_categories

),

by_category as (

    select
        recent.*,
        nested.ancestor_id as category_id
    from recent
    inner join products
        on
            recent.shop_id = products.shop_id
            and recent.product_id = products.product_id
            and products.is_purchasable
    inner join placed
        on
            recent.shop_id = placed.shop_id
            and recent.product_id = placed.product_id
    inner join nested
        on
            placed.shop_id = nested.shop_id
            and placed.category_id = nested.category_id

),

category_counts as (

    select
        shop_id,
        category_id,
        window_days,
        count(distinct case when signal_kind = 'order' then person_id end) as category_person_count
    from by_category
    group by
        shop_id,
        category_id,
        window_days

),

counted as (

    select
        shop_id,
        category_id,
        window_days,
        product_id,
        count(distinct case when signal_kind = 'order' then person_id end) as orderer_count,
        count(distinct case when signal_kind = 'cart' then person_id end) as adder_count
    from by_category
    group by
        shop_id,
        category_id,
        window_days,
        product_id

),

ranked as (

    select
        *,
        row_number() over (
            partition by shop_id, category_id, window_days
            order by
                orderer_count desc,
                adder_count desc,
                product_id asc
        ) as category_rank
    from counted
    where orderer_count > 0

),

-- The nearest category, itself first, whose ranking enough people made.
candidates as (

    select
        nested.shop_id,
        nested.category_id,
        nested.ancestor_id,
        category_counts.window_days,
        category_counts.category_person_count,
        row_number() over (
            partition by nested.shop_id, nested.category_id, category_counts.window_days
            order by
                nested.distance asc,
                nested.ancestor_id asc
        ) as candidate_no
    from nested
    inner join category_counts
        on
            nested.shop_id = category_counts.shop_id
            and nested.ancestor_id = category_counts.category_id
    where category_counts.category_person_count >= {{ least_persons }}

),

shown as (

    select
        candidates.shop_id,
        candidates.category_id,
        candidates.window_days,
        cast(ranked.category_rank as bigint) as category_rank,
        candidates.ancestor_id as ranked_category_id,
        ranked.product_id,
        candidates.ancestor_id <> candidates.category_id as is_fallback,
        candidates.category_person_count,
        ranked.orderer_count,
        ranked.adder_count
    from candidates
    inner join ranked
        on
            candidates.shop_id = ranked.shop_id
            and candidates.ancestor_id = ranked.category_id
            and candidates.window_days = ranked.window_days
    where
        candidates.candidate_no = 1
        and ranked.category_rank <= 20

),

named as (

    select
        shown.shop_id,
        shown.category_id,
        shown.window_days,
        shown.category_rank,
        shown.ranked_category_id,
        shown.product_id,
        categories.category_name,
        products.product_name,
        shown.is_fallback,
        shown.category_person_count,
        shown.orderer_count,
        shown.adder_count
    from shown
    inner join categories
        on
            shown.shop_id = categories.shop_id
            and shown.category_id = categories.category_id
    inner join products
        on
            shown.shop_id = products.shop_id
            and shown.product_id = products.product_id

)

select * from named
