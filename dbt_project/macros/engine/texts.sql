{# Texts of a group in one, in alphabetical order. #}
{% macro joined_text(text) -%}
    {{ adapter.dispatch('joined_text')(text) }}
{%- endmacro %}

{% macro default__joined_text(text) -%}
    string_agg({{ text }}, ', ' order by {{ text }})
{%- endmacro %}

{% macro spark__joined_text(text) -%}
    array_join(array_sort(collect_list({{ text }})), ', ')
{%- endmacro %}
