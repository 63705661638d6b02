{#
    Band of an amount of money: the number is its lower end in thousands of yen, or in tens of a
    currency with two decimals. Source: steps a Japanese shop's free-shipping and gift limits follow.
#}
{% macro value_band(amount, currency) -%}
    case
        when {{ amount }} is null then 'unknown'
        when {{ amount }} < 3 * {{ band_unit(currency) }} then '00_03'
        when {{ amount }} < 5 * {{ band_unit(currency) }} then '03_05'
        when {{ amount }} < 10 * {{ band_unit(currency) }} then '05_10'
        when {{ amount }} < 20 * {{ band_unit(currency) }} then '10_20'
        when {{ amount }} < 50 * {{ band_unit(currency) }} then '20_50'
        else '50_up'
    end
{%- endmacro %}

{# One step of the bands: a thousand where the currency has no decimals, else ten. #}
{% macro band_unit(currency) -%}
    case when {{ currency }} in ('JPY', 'KRW', 'VND', 'CLP') then 1000 else 10 end
{%- endmacro %}
