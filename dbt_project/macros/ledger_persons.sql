{#
    Whom rows of the ledger mean. CTEs from a CTE `entries`, whose rows bring shop_id, person_key and
    email_hash, to a CTE `identified`, which adds
      person_id   whoever the key belongs to now; an account nobody knows any more is found by its
                  address. NULL where neither leads to anybody
#}
{% macro ledger_persons(entries) -%}

person_keys as (

    select * from {{ ref('int_persons__keys') }}
    where key_type = 'person_key'

),

address_keys as (

    select * from {{ ref('int_persons__keys') }}
    where key_type = 'email_hash'

),

identified as (

    select
        {{ entries }}.*,
        coalesce(person_keys.person_id, address_keys.person_id) as person_id
    from {{ entries }}
    left join person_keys
        on
            {{ entries }}.shop_id = person_keys.shop_id
            and {{ entries }}.person_key = person_keys.key_value
    left join address_keys
        on
            {{ entries }}.shop_id = address_keys.shop_id
            and {{ entries }}.email_hash = address_keys.key_value

)
{%- endmacro %}
