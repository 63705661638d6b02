with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

accounts as (

    select * from {{ ref('int_persons__accounts') }}

),

addresses as (

    select * from {{ ref('int_persons__addresses') }}

),

customers as (

    select * from {{ ref('stg_customers') }}

),

merged as (

    select * from {{ ref('int_persons__merged') }}

),

of_accounts as (

    select
        accounts.shop_id,
        accounts.customer_id,
        accounts.is_member,
        addresses.email_hash,
        coalesce(addresses.email_hash, accounts.customer_id) as place_key
    from accounts
    left join addresses
        on
            accounts.shop_id = addresses.shop_id
            and accounts.customer_id = addresses.customer_id

),

described as (

    select
        of_accounts.shop_id,
        merged.person_id,
        of_accounts.place_key,
        of_accounts.customer_id,
        of_accounts.email_hash,
        of_accounts.is_member,
        coalesce(customers.deleted_at < as_of.as_of_at, false) as is_erased,
        customers.deleted_at as erased_at,
        -- A known hash alone is no address: nobody can write to it.
        coalesce(customers.email_hash = of_accounts.email_hash and customers.email is not null, false)
            as has_email,
        customers.phone_raw is not null as has_phone,
        customers.address_line is not null and customers.postal_code is not null as has_post
    from of_accounts
    inner join merged
        on
            of_accounts.shop_id = merged.shop_id
            and of_accounts.customer_id = merged.customer_id
    inner join as_of
        on of_accounts.shop_id = as_of.shop_id
    left join customers
        on
            of_accounts.shop_id = customers.shop_id
            and of_accounts.customer_id = customers.customer_id
    where not merged.is_excluded

),

summed_up as (

    select
        shop_id,
        person_id,
        place_key,
        email_hash,
        -- The account whose name and address a message to this place would carry.
        coalesce(
            min(case when has_email and is_member and not is_erased then customer_id end),
            min(case when has_email and not is_erased then customer_id end),
            min(customer_id)
        ) as customer_id,
        max(case when is_member then 1 else 0 end) = 1 as is_member,
        min(case when is_erased then 1 else 0 end) = 1 as is_erased,
        case when min(case when is_erased then 1 else 0 end) = 1 then max(erased_at) end as erased_at,
        max(case when has_email and not is_erased then 1 else 0 end) = 1 as has_email,
        max(case when has_phone and not is_erased then 1 else 0 end) = 1 as has_phone,
        max(case when has_post and not is_erased then 1 else 0 end) = 1 as has_post
    from described
    group by
        shop_id,
        person_id,
        place_key,
        email_hash

)

select * from summed_up
