with

visitors as (

    select * from {{ ref('dim_visitors') }}

),

contents as (

    select * from {{ ref('fct_person_content') }}

),

tendencies as (

    select * from {{ ref('fct_person_tendencies') }}
    where
        dimension = 'category'
        and tendency_rank <= 3

),

shops as (

    select * from {{ ref('dim_shops') }}

),

tastes as (

    select
        shop_id,
        person_id,
        max(case when tendency_rank = 1 then dimension_value end) as category_1_id,
        max(case when tendency_rank = 2 then dimension_value end) as category_2_id,
        max(case when tendency_rank = 3 then dimension_value end) as category_3_id
    from tendencies
    group by
        shop_id,
        person_id

),

shown as (

    select
        visitors.shop_id,
        visitors.visitor_kind,
        visitors.visitor_id,
        visitors.phase,
        tastes.category_1_id,
        tastes.category_2_id,
        tastes.category_3_id,
        coalesce(contents.content_source, 'none') as content_source,
        {{ mail_item_columns('contents') }},
        shops.currency,
        coalesce(contents.items_more, 0) as items_more,
        visitors.last_seen_at,
        visitors.as_of_at
    from visitors
    inner join shops
        on visitors.shop_id = shops.shop_id
    left join contents
        on
            visitors.shop_id = contents.shop_id
            and visitors.person_id = contents.person_id
    left join tastes
        on
            visitors.shop_id = tastes.shop_id
            and visitors.person_id = tastes.person_id
    where
        contents.person_id is not null
        or tastes.person_id is not null

)

select * from shown
