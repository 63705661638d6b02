{# Long for its measures of a pair and for the pairs the shop itself has named. #}

{#- Pairs seen less often are chance. -#}
{%- set least_support = 5 -%}

with

baskets as (

    select * from {{ ref('int_products__baskets') }}

),

relations as (

    select
        *,
        'ordered' as pair_kind
    from {{ ref('stg_product_relations') }}
    where
        relation_kind = 'coordinate'
        -- A list that names a product beside itself says nothing.
        and product_id <> related_id

),

products as (

    select * from {{ ref('dim_products') }}

),

basket_counts as (

    select
        shop_id,
        pair_kind,
        count(distinct basket_key) as basket_count
    from baskets
    group by
        shop_id,
        pair_kind

),

product_counts as (

    select
        shop_id,
        pair_kind,
        product_id,
        count(*) as product_basket_count
    from baskets
    group by
        shop_id,
        pair_kind,
        product_id

),

pairs as (

    select
        first_items.shop_id,
        first_items.pair_kind,
        first_items.product_id,
        other_items.product_id as other_product_id,
        count(*) as support_count
    from baskets as first_items
    inner join baskets as other_items
        on
            first_items.shop_id = other_items.shop_id
            and first_items.pair_kind = other_items.pair_kind
            and first_items.basket_key = other_items.basket_key
            and first_items.product_id <> other_items.product_id
    group by
        first_items.shop_id,
        first_items.pair_kind,
        first_items.product_id,
        other_items.product_id
    having count(*) >= {{ least_support }}

),

measured as (

    select
        pairs.shop_id,
        pairs.pair_kind,
        pairs.product_id,
        pairs.other_product_id,
        pairs.support_count,
        firsts.product_basket_count,
        others.product_basket_count as other_basket_count,
        basket_counts.basket_count,
        cast(pairs.support_count as double) / firsts.product_basket_count as confidence_rate,
        -- Rounded, so that two partners with one lift are not told apart by its last digit.
        round(
            cast(pairs.support_count as double) * basket_counts.basket_count
            / firsts.product_basket_count / others.product_basket_count, 12
        ) as lift
    from pairs
    inner join product_counts as firsts
        on
            pairs.shop_id = firsts.shop_id
            and pairs.pair_kind = firsts.pair_kind
            and pairs.product_id = firsts.product_id
    inner join product_counts as others
        on
            pairs.shop_id = others.shop_id
            and pairs.pair_kind = others.pair_kind
            and pairs.other_product_id = others.product_id
    inner join basket_counts
        on
            pairs.shop_id = basket_counts.shop_id
            and pairs.pair_kind = basket_counts.pair_kind

),

-- What the shop has put together itself is a pair of its own, seen together or not.
stacked as (

    select
        measured.shop_id,
        measured.pair_kind,
        measured.product_id,
        measured.other_product_id,
        false as is_curated,
        cast(null as bigint) as relation_rank,
        measured.support_count,
        measured.product_basket_count,
        measured.other_basket_count,
        measured.basket_count,
        measured.confidence_rate,
        measured.lift
    from measured
    left join relations
        on
            measured.shop_id = relations.shop_id
            and measured.product_id = relations.product_id
            and measured.other_product_id = relations.related_id
            and measured.pair_kind = relations.pair_kind
    where relations.shop_id is null

    union all

    select
        relations.shop_id,
        relations.pair_kind,
        relations.product_id,
        relations.related_id as other_product_id,
        true as is_curated,
        relations.relation_rank,
        measured.support_count,
        measured.product_basket_count,
        measured.other_basket_count,
        measured.basket_count,
        measured.confidence_rate,
        measured.lift
    from relations
    left join measured
        on
            relations.shop_id = measured.shop_id
            and relations.product_id = measured.product_id
            and relations.related_id = measured.other_product_id
            and relations.pair_kind = measured.pair_kind

),

ranked as (

    select
        *,
        row_number() over (
            partition by shop_id, pair_kind, product_id
            order by
                case when is_curated then 0 else 1 end asc,
                relation_rank asc nulls last,
                lift desc nulls last,
                support_count desc nulls last,
                other_product_id asc
        ) as pair_rank
    from stacked

),

named as (

    select
        ranked.shop_id,
        ranked.pair_kind,
        ranked.product_id,
        cast(ranked.pair_rank as bigint) as pair_rank,
        ranked.other_product_id,
        products.product_name,
        others.product_name as other_product_name,
        ranked.is_curated,
        -- Of another kind it goes with the product; of the same it would be bought instead.
        ranked.is_curated or coalesce(products.category_id <> others.category_id, false)
            as is_complement,
        others.is_purchasable as is_other_purchasable,
        ranked.support_count,
        ranked.product_basket_count,
        ranked.other_basket_count,
        ranked.basket_count,
        ranked.confidence_rate,
        ranked.lift
    from ranked
    inner join products
        on
            ranked.shop_id = products.shop_id
            and ranked.product_id = products.product_id
    inner join products as others
        on
            ranked.shop_id = others.shop_id
            and ranked.other_product_id = others.product_id
    where ranked.pair_rank <= 10

)

select * from named
