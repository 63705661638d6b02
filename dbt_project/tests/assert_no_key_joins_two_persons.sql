-- A row is an address or a mapping whose accounts ended in two persons: the merge had not converged.
with

addresses as (

    select * from {{ ref('int_persons__addresses') }}

),

identifiers as (

    select * from {{ ref('stg_customer_identifiers') }}

),

merged as (

    select * from {{ ref('int_persons__merged') }}

),

over_addresses as (

    select
        addresses.shop_id,
        'email_hash' as join_kind,
        addresses.email_hash as join_value
    from addresses
    inner join merged
        on
            addresses.shop_id = merged.shop_id
            and addresses.customer_id = merged.customer_id
    where addresses.is_joining
    group by
        addresses.shop_id,
        addresses.email_hash
    having count(distinct merged.person_id) > 1

),

over_mappings as (

    select
        identifiers.shop_id,
        'customer_id' as join_kind,
        identifiers.id_value as join_value
    from identifiers
    inner join merged as one_side
        on
            identifiers.shop_id = one_side.shop_id
            and identifiers.customer_id = one_side.customer_id
    inner join merged as other_side
        on
            identifiers.shop_id = other_side.shop_id
            and identifiers.id_value = other_side.customer_id
    where
        identifiers.id_type = 'customer_id'
        and one_side.person_id <> other_side.person_id

),

stacked as (

    select * from over_addresses
    union all
    select * from over_mappings

)

select * from stacked
