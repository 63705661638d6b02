{# Score 1 to 5 of a value among the four limits of `limits`; equal to a limit is still below it. #}
{% macro five_parts(value, limits, is_less_better=false) -%}
    cast(
        {{ '5 -' if is_less_better else '1 +' }} (
            case when {{ value }} > {{ limits }}.first_limit_amount then 1 else 0 end
            + case when {{ value }} > {{ limits }}.second_limit_amount then 1 else 0 end
            + case when {{ value }} > {{ limits }}.third_limit_amount then 1 else 0 end
            + case when {{ value }} > {{ limits }}.fourth_limit_amount then 1 else 0 end
        ) as bigint
    )
{%- endmacro %}
