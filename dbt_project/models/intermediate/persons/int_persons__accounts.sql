{# Long for its five inputs; each step is short. #}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

traces as (

    select * from {{ ref('int_persons__traces') }}

),

customers as (

    select * from {{ ref('stg_customers') }}

),

orders as (

    select * from {{ ref('stg_orders') }}

),

excluded_addresses as (

    select * from {{ ref('stg_excluded_addresses') }}

),

first_seen as (

    select
        traces.shop_id,
        traces.customer_id,
        min(traces.first_at) as first_seen_at
    from traces
    inner join as_of
        on traces.shop_id = as_of.shop_id
    where
        traces.customer_id <> ''
        and (traces.first_at is null or traces.first_at < as_of.as_of_at)
    group by
        traces.shop_id,
        traces.customer_id

),

-- The address of a buyer no member file knows: a guest, or a shop without a member file.
order_addresses as (

    select
        shop_id,
        coalesce(customer_id, 'guest:' || email_hash) as customer_id,
        min(email_hash) as email_hash
    from orders
    where email_hash is not null
    group by
        shop_id,
        coalesce(customer_id, 'guest:' || email_hash)

),

described as (

    select
        first_seen.shop_id,
        first_seen.customer_id,
        customers.person_key,
        coalesce(
            customers.email_hash,
            order_addresses.email_hash,
            -- Landing names a guest by the address alone.
            case
                when first_seen.customer_id like 'guest:%' then substr(first_seen.customer_id, 7)
            end
        ) as email_hash,
        customers.email_domain,
        -- Who stands in no member file is a guest.
        coalesce(customers.is_member, false) as is_member,
        customers.customer_id is not null as has_customer_row,
        first_seen.first_seen_at
    from first_seen
    left join customers
        on
            first_seen.shop_id = customers.shop_id
            and first_seen.customer_id = customers.customer_id
    left join order_addresses
        on
            first_seen.shop_id = order_addresses.shop_id
            and first_seen.customer_id = order_addresses.customer_id

),

marked as (

    select
        described.shop_id,
        described.customer_id,
        described.person_key,
        described.email_hash,
        described.is_member,
        described.has_customer_row,
        excluded_hashes.address_value is not null
        or excluded_domains.address_value is not null as is_excluded,
        described.first_seen_at
    from described
    left join excluded_addresses as excluded_hashes
        on
            described.shop_id = excluded_hashes.shop_id
            and described.email_hash = excluded_hashes.address_value
            and excluded_hashes.address_kind = 'email_hash'
    left join excluded_addresses as excluded_domains
        on
            described.shop_id = excluded_domains.shop_id
            and described.email_domain = excluded_domains.address_value
            and excluded_domains.address_kind = 'domain'

)

select * from marked
