{#- A count of fewer people is told of the category above instead. -#}
{%- set least_persons = 5 -%}

with

tendencies as (

    select * from {{ ref('fct_person_tendencies') }}

),

nested as (

    select
        *,
        'category' as dimension
    from {{ ref('int_categories__nested') }}

),

categories as (

    select
        *,
        'category' as dimension
    from {{ ref('stg_categories') }}

),

persons as (

    select
        shop_id,
        dimension,
        count(distinct person_id) as judged_person_count
    from tendencies
    group by
        shop_id,
        dimension

),

-- A taste for shirts is one for tops and for clothes.
spread as (

    select
        tendencies.shop_id,
        tendencies.dimension,
        coalesce(nested.ancestor_id, tendencies.dimension_value) as dimension_value,
        tendencies.person_id
    from tendencies
    left join nested
        on
            tendencies.shop_id = nested.shop_id
            and tendencies.dimension = nested.dimension
            and tendencies.dimension_value = nested.category_id
    where tendencies.is_taste

),

counted as (

    select
        shop_id,
        dimension,
        dimension_value,
        count(distinct person_id) as person_count
    from spread
    group by
        shop_id,
        dimension,
        dimension_value

),

-- The nearest category, itself first, that enough people lean to.
candidates as (

    select
        counted.shop_id,
        counted.dimension,
        counted.dimension_value,
        nested.ancestor_id,
        row_number() over (
            partition by counted.shop_id, counted.dimension, counted.dimension_value
            order by
                nested.distance asc,
                nested.ancestor_id asc
        ) as candidate_no
    from counted
    inner join nested
        on
            counted.shop_id = nested.shop_id
            and counted.dimension = nested.dimension
            and counted.dimension_value = nested.category_id
    inner join counted as above
        on
            nested.shop_id = above.shop_id
            and nested.dimension = above.dimension
            and nested.ancestor_id = above.dimension_value
            and above.person_count >= {{ least_persons }}

),

told as (

    select
        counted.shop_id,
        counted.dimension,
        counted.dimension_value,
        coalesce(categories.category_name, counted.dimension_value) as value_name,
        categories.parent_id as parent_value,
        case
            when counted.person_count >= {{ least_persons }} then counted.dimension_value
            else candidates.ancestor_id
        end as told_value,
        counted.person_count,
        persons.judged_person_count,
        cast(counted.person_count as double) / nullif(persons.judged_person_count, 0)
            as person_share
    from counted
    inner join persons
        on
            counted.shop_id = persons.shop_id
            and counted.dimension = persons.dimension
    left join candidates
        on
            counted.shop_id = candidates.shop_id
            and counted.dimension = candidates.dimension
            and counted.dimension_value = candidates.dimension_value
            and candidates.candidate_no = 1
    left join categories
        on
            counted.shop_id = categories.shop_id
            and counted.dimension = categories.dimension
            and counted.dimension_value = categories.category_id

)

select * from told
