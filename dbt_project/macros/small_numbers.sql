{#
    Small numbers, in one place; publish stores the same text as SQL macros beside the intervals.
    `small_n` and `hide_below` are settings of the shop, handed over by whoever asks.
#}

{# A rate of so few says little: it is shown with its interval, and greyed. #}
{% macro is_small(denominator, small_n) -%}
    coalesce({{ denominator }} < {{ small_n }}, true)
{%- endmacro %}

{#
    A cell of so few persons is hidden from viewers where people are split by attribute. A single
    hidden cell, or hidden cells of fewer persons together, would be known from the total of their
    `split`: then the smallest one of those left is hidden too. Nobody is no cell of few.
#}
{% macro is_hidden(persons, hide_below, split) -%}
    coalesce(
        {{ persons }} > 0
        and (
            {{ persons }} < {{ hide_below }}
            or (
                {{ persons }} = min(
                    case when {{ persons }} >= {{ hide_below }} then {{ persons }} end
                ) over (partition by {{ split }})
                and sum(
                    case when {{ persons }} < {{ hide_below }} then {{ persons }} else 0 end
                ) over (partition by {{ split }}) > 0
                and (
                    sum(
                        case
                            when {{ persons }} > 0 and {{ persons }} < {{ hide_below }} then 1
                            else 0
                        end
                    ) over (partition by {{ split }}) = 1
                    or sum(
                        case when {{ persons }} < {{ hide_below }} then {{ persons }} else 0 end
                    ) over (partition by {{ split }}) < {{ hide_below }}
                )
            )
        ),
        false
    )
{%- endmacro %}
