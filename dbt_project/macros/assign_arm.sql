{#
    Number 0 .. 9,999 that decides a person's arm: the first 8 hex digits of
    sha256(`salt:shop_id:person_id`) mod 10,000, held against the cumulated shares in basis points.
    The draw is for whoever has no record yet: a recorded arm is never drawn again.
#}
{% macro assign_arm(salt, shop_id, person_id) -%}
    {{ adapter.dispatch('hex_number')(
        "substr(" ~ adapter.dispatch('sha256_hex')(
            salt ~ " || ':' || " ~ shop_id ~ " || ':' || " ~ person_id
        ) ~ ", 1, 8)"
    ) }} % 10000
{%- endmacro %}
