{# First day of the week of a date; weeks begin on day `week_start`, 1 for Monday to 7 for Sunday. #}
{% macro week_of(calendar_date, week_start) -%}
    {#- 1 January 2024 was a Monday. -#}
    {%- set days = days_between("cast('2024-01-01' as date)", calendar_date) -%}
    {{ add_days_on(calendar_date, '-((' ~ days ~ ' - ' ~ week_start ~ ' + 1) % 7 + 7) % 7') }}
{%- endmacro %}
