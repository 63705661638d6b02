with

contactable as (

    select * from {{ ref('int_persons__contactable') }}

),

customers as (

    select * from {{ ref('stg_customers') }}

),

carts as (

    select * from {{ ref('stg_carts') }}

),

keys as (

    select * from {{ ref('int_persons__keys') }}

),

-- Marketing's address serves cart mail as well; cart mail's own only where marketing has none.
ranked as (

    select
        *,
        row_number() over (
            partition by shop_id, person_id
            order by
                is_contactable desc,
                case when purpose = 'marketing' then 0 else 1 end asc,
                customer_id asc
        ) as contact_rank
    from contactable
    where channel = 'email'

),

open_carts as (

    select
        carts.shop_id,
        keys.person_id,
        carts.recovery_url,
        row_number() over (
            partition by carts.shop_id, keys.person_id
            order by
                carts.last_activity_at desc,
                carts.cart_id asc
        ) as cart_rank
    from carts
    inner join keys
        on
            carts.shop_id = keys.shop_id
            and coalesce(carts.customer_id, 'guest:' || carts.email_hash) = keys.key_value
            and keys.key_type = 'customer'
    where
        carts.recovery_url is not null
        and carts.completed_at is null
        and carts.order_id is null

),

joined as (

    select
        ranked.shop_id,
        ranked.person_id,
        ranked.customer_id,
        ranked.email_hash,
        case when customers.email_hash = ranked.email_hash then customers.email end as email,
        customers.phone_raw,
        customers.last_name,
        customers.first_name,
        customers.last_name_kana,
        customers.first_name_kana,
        customers.name_full,
        customers.company,
        customers.postal_code,
        customers.country_code,
        customers.prefecture,
        customers.city,
        customers.address_line,
        customers.locale,
        open_carts.recovery_url as cart_url
    from ranked
    left join customers
        on
            ranked.shop_id = customers.shop_id
            and ranked.customer_id = customers.customer_id
    left join open_carts
        on
            ranked.shop_id = open_carts.shop_id
            and ranked.person_id = open_carts.person_id
            and open_carts.cart_rank = 1
    where
        ranked.contact_rank = 1
        and coalesce(ranked.block_reason, '') <> 'erased'

)

select * from joined
