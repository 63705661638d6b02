{#- Parents of parents, so many levels up; no shop's menu is deeper. -#}
{%- set levels = [2, 3, 4, 5, 6] -%}

with

categories as (

    select * from {{ ref('stg_categories') }}

),

level_1 as (

    select
        shop_id,
        category_id,
        category_id as ancestor_id,
        parent_id as next_id,
        0 as distance
    from categories

),

{% for level in levels %}
level_{{ level }} as (

    select
        below.shop_id,
        below.category_id,
        categories.category_id as ancestor_id,
        categories.parent_id as next_id,
        below.distance + 1 as distance
    from level_{{ level - 1 }} as below
    inner join categories
        on
            below.shop_id = categories.shop_id
            and below.next_id = categories.category_id

),

{% endfor %}
stacked as (

    select * from level_1
    {% for level in levels %}
    union all
    select * from level_{{ level }}
    {% endfor %}

),

-- A menu that bites its own tail names an ancestor more than once.
nearest as (

    select
        shop_id,
        category_id,
        ancestor_id,
        min(distance) as distance
    from stacked
    group by
        shop_id,
        category_id,
        ancestor_id

)

select * from nearest
