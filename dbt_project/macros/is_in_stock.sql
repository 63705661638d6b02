{# True unless stock is counted and used up: a count nobody supplied is unknown, not 0. #}
{% macro is_in_stock(stock_policy, stock_quantity) -%}
    not ({{ stock_policy }} = 'tracked' and coalesce({{ stock_quantity }} <= 0, false))
{%- endmacro %}
