{# Long for its three dimensions, spelt out once each. #}

{#- Days after which a signal says half as much. -#}
{%- set half_life_days = 90 -%}
{#- A share of one or two clicks is no tendency. -#}
{%- set least_signals = 3 -%}
{#- So many of the strongest can be a person's taste. -#}
{%- set most_tastes = 3 -%}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

signals as (

    select * from {{ ref('int_products__signals') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

product_tags as (

    select * from {{ ref('stg_product_tags') }}

),

weighed as (

    select
        signals.shop_id,
        signals.person_id,
        signals.product_id,
        signals.signal_count,
        signals.signal_count
        * case signals.signal_kind
            when 'order' then 3.0
            when 'cart' then 2.0
            when 'favourite' then 2.0
            when 'view' then 1.0
        end
        * power(
            0.5,
            cast({{ days_between('signals.last_signal_at', 'as_of.as_of_at') }} as double)
            / {{ half_life_days }}
        ) as signal_weight
    from signals
    inner join as_of
        on signals.shop_id = as_of.shop_id

),

by_dimension as (

    select
        weighed.shop_id,
        weighed.person_id,
        'category' as dimension,
        products.category_id as dimension_value,
        weighed.signal_count,
        weighed.signal_weight
    from weighed
    inner join products
        on
            weighed.shop_id = products.shop_id
            and weighed.product_id = products.product_id
    where products.category_id is not null

    union all

    select
        weighed.shop_id,
        weighed.person_id,
        'brand' as dimension,
        products.brand as dimension_value,
        weighed.signal_count,
        weighed.signal_weight
    from weighed
    inner join products
        on
            weighed.shop_id = products.shop_id
            and weighed.product_id = products.product_id
    where products.brand is not null

    union all

    select
        weighed.shop_id,
        weighed.person_id,
        'tag' as dimension,
        product_tags.tag as dimension_value,
        weighed.signal_count,
        weighed.signal_weight
    from weighed
    inner join product_tags
        on
            weighed.shop_id = product_tags.shop_id
            and weighed.product_id = product_tags.product_id

),

summed_up as (

    select
        shop_id,
        person_id,
        dimension,
        dimension_value,
        cast(sum(signal_count) as bigint) as signal_count,
        -- Rounded, so that the order in which a sum was made does not change a rank.
        round(sum(signal_weight), 9) as signal_weight
    from by_dimension
    group by
        shop_id,
        person_id,
        dimension,
        dimension_value

),

of_shops as (

    select
        shop_id,
        dimension,
        dimension_value,
        sum(signal_weight) as shop_weight
    from summed_up
    group by
        shop_id,
        dimension,
        dimension_value

),

shop_shares as (

    select
        shop_id,
        dimension,
        dimension_value,
        shop_weight
        / nullif(sum(shop_weight) over (partition by shop_id, dimension), 0) as shop_share
    from of_shops

),

shared as (

    select
        *,
        sum(signal_count) over (partition by shop_id, person_id, dimension) as all_signal_count,
        sum(signal_weight) over (partition by shop_id, person_id, dimension) as all_signal_weight,
        row_number() over (
            partition by shop_id, person_id, dimension
            order by
                signal_weight desc,
                dimension_value asc
        ) as tendency_rank
    from summed_up

),

chosen as (

    select
        shared.shop_id,
        shared.person_id,
        shared.dimension,
        shared.dimension_value,
        cast(shared.tendency_rank as bigint) as tendency_rank,
        shared.signal_count,
        shared.signal_weight,
        round(shared.signal_weight / nullif(shared.all_signal_weight, 0), 9) as tendency_share,
        round(shop_shares.shop_share, 9) as shop_share
    from shared
    inner join shop_shares
        on
            shared.shop_id = shop_shares.shop_id
            and shared.dimension = shop_shares.dimension
            and shared.dimension_value = shop_shares.dimension_value
    where shared.all_signal_count >= {{ least_signals }}

),

-- What everybody buys is nobody's taste, unless it is most of what they look at.
judged as (

    select
        shop_id,
        person_id,
        dimension,
        dimension_value,
        tendency_rank,
        tendency_rank <= {{ most_tastes }}
        and (
            tendency_share >= 2 * shop_share
            or (dimension = 'category' and tendency_share > 0.5)
        ) as is_taste,
        signal_count,
        signal_weight,
        tendency_share,
        shop_share
    from chosen

)

select * from judged
