{#
    Of every landed row the newest version known. CTEs from a CTE `as_of` to a CTE `stacked`, one row per
    landed version that may be the newest, with its rank in `version_rank` (1 the newest) and the shop's
    as_of_at. For logs: nearly every row has one version there, and ranking only the rest spares sorting
    all of them.
#}
{% macro newest_versions(table, keys) -%}

{#- Read anew for every purpose: an engine holds what is read twice whole, and a log is wide. #}
landed as (

    select * from {{ source('landing', table) }}

),

landed_keys as (

    select * from {{ source('landing', table) }}

),

landed_versions as (

    select * from {{ source('landing', table) }}

),

repeated_keys as (

    select
        shop_id,
        {{ keys | join(',\n        ') }}
    from landed_keys
    group by
        shop_id,
        {{ keys | join(',\n        ') }}
    having count(*) > 1

),

singles as (

    select
        landed.*,
        as_of.as_of_at,
        1 as version_rank
    from landed
    inner join as_of
        on
            landed.shop_id = as_of.shop_id
            and landed.loaded_at <= as_of.known_at
    left join repeated_keys
        on
            landed.shop_id = repeated_keys.shop_id
            {%- for key in keys %}
            and landed.{{ key }} = repeated_keys.{{ key }}
            {%- endfor %}
    where repeated_keys.shop_id is null

),

ranked as (

    select
        landed_versions.*,
        as_of.as_of_at,
        row_number() over (
            partition by
                landed_versions.shop_id,
                landed_versions.{{ keys | join(',\n                landed_versions.') }}
            order by
                landed_versions.source_updated_at desc nulls last,
                landed_versions.loaded_at desc,
                landed_versions.batch_id desc,
                landed_versions.row_no desc,
                landed_versions.row_hash desc
        ) as version_rank
    from landed_versions
    inner join as_of
        on
            landed_versions.shop_id = as_of.shop_id
            and landed_versions.loaded_at <= as_of.known_at
    inner join repeated_keys
        on
            landed_versions.shop_id = repeated_keys.shop_id
            {%- for key in keys %}
            and landed_versions.{{ key }} = repeated_keys.{{ key }}
            {%- endfor %}

),

stacked as (

    select * from singles
    union all
    select * from ranked

)
{%- endmacro %}
