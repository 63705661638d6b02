{#
    Which span of elapsed days a whole day lies in: 0 the first day, then [1, 30), [30, 60), [60, 90),
    [90, 180), [180, 365); 6 from a year on. Said of the days somebody has been watched, it is how many
    spans are over.
#}
{% macro bracket_of(days) -%}
    case
        when {{ days }} < 1 then 0
        when {{ days }} < 30 then 1
        when {{ days }} < 60 then 2
        when {{ days }} < 90 then 3
        when {{ days }} < 180 then 4
        when {{ days }} < 365 then 5
        else 6
    end
{%- endmacro %}

{# First day of a span: its end is the first day of the next one. #}
{% macro bracket_days(bracket_number) -%}
    case {{ bracket_number }}
        when 0 then 0
        when 1 then 1
        when 2 then 30
        when 3 then 60
        when 4 then 90
        when 5 then 180
        when 6 then 365
    end
{%- endmacro %}
