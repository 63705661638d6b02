{# Whose run of events a session is: a browser's; the person's, where the source names no browser. #}
{% macro visitor_key(anonymous_id, person_id) -%}
    coalesce('b:' || {{ anonymous_id }}, 'p:' || {{ person_id }})
{%- endmacro %}
