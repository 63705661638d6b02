{#
    The one formula of every interval on a screen; publish stores the same text as SQL macros.
    95 %: 1.959963984540054 standard deviations. Empty where nothing was tried.
    Source: Wilson 1927; Newcombe 1998, Statistics in Medicine 17, method 10.
#}

{% macro wilson_low(successes, trials) -%}
    {{ wilson_low_at(successes, trials, 1.959963984540054) }}
{%- endmacro %}

{% macro wilson_high(successes, trials) -%}
    {{ wilson_high_at(successes, trials, 1.959963984540054) }}
{%- endmacro %}

{# Lower bound of the difference of two rates, first less second. #}
{% macro newcombe_low(first_successes, first_trials, second_successes, second_trials) -%}
    {{ newcombe_low_at(
        first_successes, first_trials, second_successes, second_trials, 1.959963984540054
    ) }}
{%- endmacro %}

{# Upper bound of the difference of two rates, first less second. #}
{% macro newcombe_high(first_successes, first_trials, second_successes, second_trials) -%}
    {{ newcombe_high_at(
        first_successes, first_trials, second_successes, second_trials, 1.959963984540054
    ) }}
{%- endmacro %}

{# The same four so many standard deviations wide: 1.2815515655446004 gives 80 %. #}
{% macro wilson_low_at(successes, trials, deviations) -%}
    case when {{ trials }} > 0 then greatest(
        0.0,
        (
            cast({{ successes }} as double) / {{ trials }}
            + {{ deviations * deviations / 2 }} / {{ trials }}
            - {{ deviations }} * sqrt(
                greatest(
                    0.0,
                    cast({{ successes }} as double) / {{ trials }}
                    * (1 - cast({{ successes }} as double) / {{ trials }}) / {{ trials }}
                    + {{ deviations * deviations / 4 }} / {{ trials }} / {{ trials }}
                )
            )
        ) / (1 + {{ deviations * deviations }} / {{ trials }})
    ) end
{%- endmacro %}

{% macro wilson_high_at(successes, trials, deviations) -%}
    case when {{ trials }} > 0 then least(
        1.0,
        (
            cast({{ successes }} as double) / {{ trials }}
            + {{ deviations * deviations / 2 }} / {{ trials }}
            + {{ deviations }} * sqrt(
                greatest(
                    0.0,
                    cast({{ successes }} as double) / {{ trials }}
                    * (1 - cast({{ successes }} as double) / {{ trials }}) / {{ trials }}
                    + {{ deviations * deviations / 4 }} / {{ trials }} / {{ trials }}
                )
            )
        ) / (1 + {{ deviations * deviations }} / {{ trials }})
    ) end
{%- endmacro %}

{% macro newcombe_low_at(
    first_successes, first_trials, second_successes, second_trials, deviations
) -%}
    case when {{ first_trials }} > 0 and {{ second_trials }} > 0 then
        cast({{ first_successes }} as double) / {{ first_trials }}
        - cast({{ second_successes }} as double) / {{ second_trials }}
        - sqrt(
            power(
                cast({{ first_successes }} as double) / {{ first_trials }}
                - {{ wilson_low_at(first_successes, first_trials, deviations) }}, 2
            )
            + power(
                {{ wilson_high_at(second_successes, second_trials, deviations) }}
                - cast({{ second_successes }} as double) / {{ second_trials }}, 2
            )
        )
    end
{%- endmacro %}

{% macro newcombe_high_at(
    first_successes, first_trials, second_successes, second_trials, deviations
) -%}
    case when {{ first_trials }} > 0 and {{ second_trials }} > 0 then
        cast({{ first_successes }} as double) / {{ first_trials }}
        - cast({{ second_successes }} as double) / {{ second_trials }}
        + sqrt(
            power(
                {{ wilson_high_at(first_successes, first_trials, deviations) }}
                - cast({{ first_successes }} as double) / {{ first_trials }}, 2
            )
            + power(
                cast({{ second_successes }} as double) / {{ second_trials }}
                - {{ wilson_low_at(second_successes, second_trials, deviations) }}, 2
            )
        )
    end
{%- endmacro %}

{#
    Bounds of the ratio of two rates less 1, by the logarithm of the ratio. Empty where either rate
    is 0. Source: Katz, Baptista, Azen and Pike 1978, Biometrics 34, method C.
#}
{% macro lift_low(first_successes, first_trials, second_successes, second_trials) -%}
    {{ _lift_bound(first_successes, first_trials, second_successes, second_trials, '-') }}
{%- endmacro %}

{% macro lift_high(first_successes, first_trials, second_successes, second_trials) -%}
    {{ _lift_bound(first_successes, first_trials, second_successes, second_trials, '+') }}
{%- endmacro %}

{% macro _lift_bound(first_successes, first_trials, second_successes, second_trials, sign) -%}
    case when {{ first_successes }} > 0 and {{ second_successes }} > 0 then
        exp(
            ln(
                cast({{ first_successes }} as double) / {{ first_trials }}
                * {{ second_trials }} / {{ second_successes }}
            )
            {{ sign }} 1.959963984540054 * sqrt(
                cast(1 as double) / {{ first_successes }} - cast(1 as double) / {{ first_trials }}
                + cast(1 as double) / {{ second_successes }} - cast(1 as double) / {{ second_trials }}
            )
        ) - 1
    end
{%- endmacro %}
