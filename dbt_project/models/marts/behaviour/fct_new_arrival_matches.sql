{# Long for its two ways to match and for what rules a match out. #}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

settings as (

    select * from {{ ref('int_run__settings') }}

),

products as (

    select * from {{ ref('dim_products') }}
    where is_purchasable

),

product_tags as (

    select * from {{ ref('stg_product_tags') }}

),

tendencies as (

    select * from {{ ref('fct_person_tendencies') }}
    where
        dimension in ('category', 'tag')
        and is_taste

),

signals as (

    select * from {{ ref('int_products__signals') }}
    where signal_kind = 'view'

),

owned as (

    select * from {{ ref('int_products__owned') }}

),

-- Fourteen days are today and the thirteen before it.
new_products as (

    select products.*
    from products
    inner join as_of
        on
            products.shop_id = as_of.shop_id
            and products.new_from_on <= as_of.as_of_on
    inner join settings
        on
            products.shop_id = settings.shop_id
            and {{ days_between('products.new_from_on', 'as_of.as_of_on') }} < settings.new_days

),

traits as (

    select
        shop_id,
        product_id,
        'category' as dimension,
        category_id as dimension_value
    from new_products
    where category_id is not null

    union all

    select
        new_products.shop_id,
        new_products.product_id,
        'tag' as dimension,
        product_tags.tag as dimension_value
    from new_products
    inner join product_tags
        on
            new_products.shop_id = product_tags.shop_id
            and new_products.product_id = product_tags.product_id

),

-- A product that meets several tastes of a person is named by the strongest share.
matched as (

    select
        tendencies.shop_id,
        tendencies.person_id,
        traits.product_id,
        tendencies.dimension,
        tendencies.dimension_value,
        tendencies.tendency_rank,
        tendencies.tendency_share,
        row_number() over (
            partition by tendencies.shop_id, tendencies.person_id, traits.product_id
            order by
                tendencies.tendency_share desc,
                tendencies.dimension asc,
                tendencies.dimension_value asc,
                traits.product_id asc
        ) as match_no
    from tendencies
    inner join traits
        on
            tendencies.shop_id = traits.shop_id
            and tendencies.dimension = traits.dimension
            and tendencies.dimension_value = traits.dimension_value

),

seen_already as (

    select
        signals.shop_id,
        signals.person_id,
        signals.product_id
    from signals
    inner join new_products
        on
            signals.shop_id = new_products.shop_id
            and signals.product_id = new_products.product_id

    union

    select
        shop_id,
        person_id,
        product_id
    from owned

),

unseen as (

    select matched.*
    from matched
    left join seen_already
        on
            matched.shop_id = seen_already.shop_id
            and matched.person_id = seen_already.person_id
            and matched.product_id = seen_already.product_id
    where
        matched.match_no = 1
        and seen_already.product_id is null

),

described as (

    select
        unseen.shop_id,
        unseen.person_id,
        unseen.product_id,
        unseen.dimension as matched_dimension,
        unseen.dimension_value as matched_value,
        new_products.product_name,
        new_products.image_url,
        new_products.url,
        new_products.currency,
        new_products.new_basis,
        row_number() over (
            partition by unseen.shop_id, unseen.person_id
            order by
                unseen.tendency_share desc,
                new_products.new_from_on desc,
                unseen.product_id asc
        ) as match_rank,
        unseen.tendency_rank,
        unseen.tendency_share,
        new_products.price_amount,
        new_products.new_from_on
    from unseen
    inner join new_products
        on
            unseen.shop_id = new_products.shop_id
            and unseen.product_id = new_products.product_id

)

select * from described
