with

categories as (

    select * from {{ ref('stg_categories') }}

),

nested as (

    select * from {{ ref('int_categories__nested') }}

),

guides as (

    select
        nested.shop_id,
        nested.category_id,
        categories.guide_url,
        row_number() over (
            partition by nested.shop_id, nested.category_id
            order by
                nested.distance asc,
                nested.ancestor_id asc
        ) as guide_no
    from nested
    inner join categories
        on
            nested.shop_id = categories.shop_id
            and nested.ancestor_id = categories.category_id
            and categories.guide_url is not null

),

guided as (

    select
        categories.shop_id,
        categories.category_id,
        categories.category_name,
        categories.path,
        guides.guide_url
    from categories
    left join guides
        on
            categories.shop_id = guides.shop_id
            and categories.category_id = guides.category_id
            and guides.guide_no = 1

)

select * from guided
