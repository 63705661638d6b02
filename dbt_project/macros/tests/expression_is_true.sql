{# A failing row is one for which some expression is false or null: write `x is null or ...`. #}
{% test expression_is_true(model, expressions) %}

select *
from {{ model }}
where
    {%- for expression in expressions %}
    {{ 'or ' if not loop.first }}not coalesce({{ expression }}, false)
    {%- endfor %}

{% endtest %}
