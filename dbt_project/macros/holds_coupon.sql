{#
    True where a comma-separated list of codes holds this very one. Not `like`: the underscore of a
    code would stand for any character.
#}
{% macro holds_coupon(coupon_codes, coupon_code) -%}
    coalesce(
        instr(
            ',' || replace({{ coupon_codes }}, ' ', '') || ',', ',' || {{ coupon_code }} || ','
        ) > 0,
        false
    )
{%- endmacro %}
