{#
    What a trial can see: 80 % power, two-sided 5 %, so 1.959963984540054 + 0.8416212335729143
    standard deviations of the difference of two rates.
#}

{# Smallest difference that is found in four trials of five, the base rate's spread in both arms. #}
{% macro detectable_effect(base_rate, first_persons, second_persons) -%}
    2.8015852181129683 * sqrt(
        {{ base_rate }} * (1 - {{ base_rate }})
        * (cast(1 as double) / {{ first_persons }} + cast(1 as double) / {{ second_persons }})
    )
{%- endmacro %}

{# Half of the 95 % interval of the difference, the base rate's spread in both arms. #}
{% macro half_width(base_rate, first_persons, second_persons) -%}
    1.959963984540054 * sqrt(
        {{ base_rate }} * (1 - {{ base_rate }})
        * (cast(1 as double) / {{ first_persons }} + cast(1 as double) / {{ second_persons }})
    )
{%- endmacro %}

{#
    Persons each of two equal arms needs to find a difference from the base rate, each rate with its
    own spread. Source: Fleiss, Levin and Paik 2003, Statistical Methods, formula 4.14.
#}
{% macro persons_per_arm(base_rate, effect) -%}
    ceil(
        power(
            1.959963984540054 * sqrt(
                2 * ({{ base_rate }} + least(1.0, {{ base_rate }} + {{ effect }})) / 2
                * (1 - ({{ base_rate }} + least(1.0, {{ base_rate }} + {{ effect }})) / 2)
            )
            + 0.8416212335729143 * sqrt(
                {{ base_rate }} * (1 - {{ base_rate }})
                + least(1.0, {{ base_rate }} + {{ effect }})
                * (1 - least(1.0, {{ base_rate }} + {{ effect }}))
            ), 2
        ) / power({{ effect }}, 2)
    )
{%- endmacro %}
