with

accounts as (

    select * from {{ ref('int_persons__accounts') }}

),

addresses as (

    select * from {{ ref('int_persons__addresses') }}

),

merged as (

    select * from {{ ref('int_persons__merged') }}

),

browsers as (

    select * from {{ ref('int_persons__browsers') }}

),

stacked as (

    select
        shop_id,
        'customer' as key_type,
        customer_id as key_value,
        person_id,
        cast(null as timestamp) as valid_until_at
    from merged
    where not is_excluded

    union all

    select
        shop_id,
        'browser' as key_type,
        anonymous_id as key_value,
        person_id,
        shared_from_at as valid_until_at
    from browsers
    where not is_excluded

    union all

    select distinct
        addresses.shop_id,
        'email_hash' as key_type,
        addresses.email_hash as key_value,
        merged.person_id,
        cast(null as timestamp) as valid_until_at
    from addresses
    inner join merged
        on
            addresses.shop_id = merged.shop_id
            and addresses.customer_id = merged.customer_id
    where
        addresses.is_joining
        and not merged.is_excluded

    union all

    select
        accounts.shop_id,
        'person_key' as key_type,
        accounts.person_key as key_value,
        merged.person_id,
        cast(null as timestamp) as valid_until_at
    from accounts
    inner join merged
        on
            accounts.shop_id = merged.shop_id
            and accounts.customer_id = merged.customer_id
    where
        accounts.person_key is not null
        and not merged.is_excluded

)

select * from stacked
