{#
    What a mail says of up to three things: columns of rows numbered 1, 2, 3 … by `offer_no`, which
    have a name, a price, a picture and a page. The caller groups by whoever the mail is for.
#}
{% macro mail_items() -%}
    {% for n in [1, 2, 3] -%}
    max(case when offer_no = {{ n }} then product_name end) as item_{{ n }}_name,
    max(case when offer_no = {{ n }} then price_amount end) as item_{{ n }}_price,
    max(case when offer_no = {{ n }} then image_url end) as item_{{ n }}_image_url,
    max(case when offer_no = {{ n }} then url end) as item_{{ n }}_url,
    {% endfor -%}
    greatest(count(*) - 3, 0) as items_more
{%- endmacro %}

{# The same columns by name, taken from `relation` as they are. #}
{% macro mail_item_columns(relation) -%}
    {% for n in [1, 2, 3] -%}
    {{ relation }}.item_{{ n }}_name,
    {{ relation }}.item_{{ n }}_price,
    {{ relation }}.item_{{ n }}_image_url,
    {{ relation }}.item_{{ n }}_url{{ ',' if not loop.last }}
    {% endfor -%}
{%- endmacro %}
