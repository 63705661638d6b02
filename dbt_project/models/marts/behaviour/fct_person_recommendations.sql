{# Long for its three reasons to recommend, each from its own table. #}

{#- So many of the products viewed last say what somebody looks for. -#}
{%- set viewed_seeds = 5 -%}
{#- So many partners of each product: six recommendations need no tenth one. -#}
{%- set most_partners = 6 -%}
{#- So many recommendations per person. -#}
{%- set most_products = 6 -%}

with

bought as (

    select * from {{ ref('int_persons__bought') }}
    where order_count >= 2

),

order_lines as (

    select * from {{ ref('fct_order_lines') }}
    where
        product_id is not null
        and not is_free

),

signals as (

    select * from {{ ref('int_products__signals') }}
    where signal_kind = 'view'

),

tendencies as (

    select * from {{ ref('fct_person_tendencies') }}
    where
        dimension = 'category'
        and tendency_rank = 1

),

pairs as (

    select * from {{ ref('rpt_item_pairs') }}
    where
        is_other_purchasable
        and pair_rank <= {{ most_partners }}

),

ranking as (

    select * from {{ ref('rpt_category_ranking') }}
    where window_days = 30

),

owned as (

    select * from {{ ref('int_products__owned') }}

),

last_bought as (

    select distinct
        order_lines.shop_id,
        order_lines.person_id,
        order_lines.product_id
    from order_lines
    inner join bought
        on
            order_lines.shop_id = bought.shop_id
            and order_lines.person_id = bought.person_id
            and order_lines.purchase_no = bought.order_count

),

viewed as (

    select
        shop_id,
        person_id,
        product_id,
        max(last_signal_at) as last_signal_at
    from signals
    group by
        shop_id,
        person_id,
        product_id

),

numbered_views as (

    select
        *,
        row_number() over (
            partition by shop_id, person_id
            order by
                last_signal_at desc,
                product_id asc
        ) as view_no
    from viewed

),

last_viewed as (

    select * from numbered_views
    where view_no <= {{ viewed_seeds }}

),

candidates as (

    select
        last_bought.shop_id,
        last_bought.person_id,
        pairs.other_product_id as product_id,
        last_bought.product_id as seed_product_id,
        'pair' as recommendation_reason,
        1 as reason_order,
        pairs.is_curated,
        pairs.pair_rank as place,
        pairs.lift
    from last_bought
    inner join pairs
        on
            last_bought.shop_id = pairs.shop_id
            and last_bought.product_id = pairs.product_id
            and pairs.pair_kind = 'ordered'

    union all

    select
        last_viewed.shop_id,
        last_viewed.person_id,
        pairs.other_product_id as product_id,
        last_viewed.product_id as seed_product_id,
        'co_view' as recommendation_reason,
        2 as reason_order,
        pairs.is_curated,
        pairs.pair_rank as place,
        pairs.lift
    from last_viewed
    inner join pairs
        on
            last_viewed.shop_id = pairs.shop_id
            and last_viewed.product_id = pairs.product_id
            and pairs.pair_kind = 'viewed'

    union all

    select
        tendencies.shop_id,
        tendencies.person_id,
        ranking.product_id,
        cast(null as string) as seed_product_id,
        'ranking' as recommendation_reason,
        3 as reason_order,
        false as is_curated,
        ranking.category_rank as place,
        cast(null as double) as lift
    from tendencies
    inner join ranking
        on
            tendencies.shop_id = ranking.shop_id
            and tendencies.dimension_value = ranking.category_id

),

known_products as (

    select
        shop_id,
        person_id,
        product_id
    from owned

    union all

    select
        shop_id,
        person_id,
        product_id
    from last_viewed

),

-- Nobody is shown what they have, nor what they looked at just now.
news as (

    select
        candidates.*,
        row_number() over (
            partition by candidates.shop_id, candidates.person_id, candidates.product_id
            order by
                candidates.reason_order asc,
                candidates.is_curated desc,
                candidates.place asc,
                candidates.lift desc nulls last,
                candidates.seed_product_id asc
        ) as reason_no
    from candidates
    left join known_products
        on
            candidates.shop_id = known_products.shop_id
            and candidates.person_id = known_products.person_id
            and candidates.product_id = known_products.product_id
    where known_products.product_id is null

),

ranked as (

    select
        shop_id,
        person_id,
        row_number() over (
            partition by shop_id, person_id
            order by
                reason_order asc,
                is_curated desc,
                place asc,
                lift desc nulls last,
                product_id asc
        ) as recommendation_rank,
        product_id,
        seed_product_id,
        recommendation_reason,
        is_curated,
        lift
    from news
    where reason_no = 1

),

chosen as (

    select * from ranked
    where recommendation_rank <= {{ most_products }}

)

select * from chosen
