{#
    The one formula of every interval on a screen; publish stores the same text as SQL macros.
    95 %: 1.959963984540054 standard deviations. Empty where nothing was tried.
    Source: Wilson 1927; Newcombe 1998, Statistics in Medicine 17, method 10.
#}

{% macro wilson_low(successes, trials) -%}
    case when {{ trials }} > 0 then greatest(
        0.0,
        (
            cast({{ successes }} as double) / {{ trials }} + 1.9207294103470293 / {{ trials }}
            - 1.959963984540054 * sqrt(
                greatest(
                    0.0,
                    cast({{ successes }} as double) / {{ trials }}
                    * (1 - cast({{ successes }} as double) / {{ trials }}) / {{ trials }}
                    + 0.9603647051735147 / {{ trials }} / {{ trials }}
                )
            )
        ) / (1 + 3.8414588206940586 / {{ trials }})
    ) end
{%- endmacro %}

{% macro wilson_high(successes, trials) -%}
    case when {{ trials }} > 0 then least(
        1.0,
        (
            cast({{ successes }} as double) / {{ trials }} + 1.9207294103470293 / {{ trials }}
            + 1.959963984540054 * sqrt(
                greatest(
                    0.0,
                    cast({{ successes }} as double) / {{ trials }}
                    * (1 - cast({{ successes }} as double) / {{ trials }}) / {{ trials }}
                    + 0.9603647051735147 / {{ trials }} / {{ trials }}
                )
            )
        ) / (1 + 3.8414588206940586 / {{ trials }})
    ) end
{%- endmacro %}

{# Lower bound of the difference of two rates, first less second. #}
{% macro newcombe_low(first_successes, first_trials, second_successes, second_trials) -%}
    case when {{ first_trials }} > 0 and {{ second_trials }} > 0 then
        cast({{ first_successes }} as double) / {{ first_trials }}
        - cast({{ second_successes }} as double) / {{ second_trials }}
        - sqrt(
            power(
                cast({{ first_successes }} as double) / {{ first_trials }}
                - {{ wilson_low(first_successes, first_trials) }}, 2
            )
            + power(
                {{ wilson_high(second_successes, second_trials) }}
                - cast({{ second_successes }} as double) / {{ second_trials }}, 2
            )
        )
    end
{%- endmacro %}

{# Upper bound of the difference of two rates, first less second. #}
{% macro newcombe_high(first_successes, first_trials, second_successes, second_trials) -%}
    case when {{ first_trials }} > 0 and {{ second_trials }} > 0 then
        cast({{ first_successes }} as double) / {{ first_trials }}
        - cast({{ second_successes }} as double) / {{ second_trials }}
        + sqrt(
            power(
                {{ wilson_high(first_successes, first_trials) }}
                - cast({{ first_successes }} as double) / {{ first_trials }}, 2
            )
            + power(
                cast({{ second_successes }} as double) / {{ second_trials }}
                - {{ wilson_low(second_successes, second_trials) }}, 2
            )
        )
    end
{%- endmacro %}
