{# Long for the ways a cart may name its owner, in order. #}

with

carts as (

    select * from {{ ref('stg_carts') }}

),

observations as (

    select * from {{ ref('stg_cart_observations') }}

),

customer_keys as (

    select * from {{ ref('int_persons__keys') }}
    where key_type = 'customer'

),

browser_keys as (

    select * from {{ ref('int_persons__keys') }}
    where key_type = 'browser'

),

address_keys as (

    select * from {{ ref('int_persons__keys') }}
    where key_type = 'email_hash'

),

browsers as (

    select * from {{ ref('int_persons__browsers') }}

),

cart_orders as (

    select * from {{ ref('int_cart_orders__named') }}
    where person_id is not null

),

owners_seen as (

    select
        shop_id,
        cart_id,
        max(customer_id) as customer_id,
        max(anonymous_id) as anonymous_id,
        min(case when customer_id is not null then observed_at end) as identified_at
    from observations
    group by
        shop_id,
        cart_id

),

cart_ids as (

    select
        shop_id,
        cart_id
    from carts

    union

    select
        shop_id,
        cart_id
    from owners_seen

),

owned as (

    select
        cart_ids.shop_id,
        cart_ids.cart_id,
        coalesce(carts.customer_id, owners_seen.customer_id) as customer_id,
        coalesce(carts.anonymous_id, owners_seen.anonymous_id) as anonymous_id,
        carts.email_hash,
        coalesce(
            owners_seen.identified_at,
            case
                when carts.customer_id is not null or carts.email_hash is not null
                    then coalesce(carts.created_at, carts.last_activity_at)
            end
        ) as identified_at,
        carts.order_id,
        owners_seen.cart_id is not null as has_observations
    from cart_ids
    left join carts
        on
            cart_ids.shop_id = carts.shop_id
            and cart_ids.cart_id = carts.cart_id
    left join owners_seen
        on
            cart_ids.shop_id = owners_seen.shop_id
            and cart_ids.cart_id = owners_seen.cart_id

),

-- An order says whose the cart was that it came out of.
buyers as (

    select
        shop_id,
        cart_id,
        person_id,
        ordered_at,
        row_number() over (
            partition by shop_id, cart_id
            order by
                ordered_at,
                order_id
        ) as buyer_no
    from cart_orders

),

resolved as (

    select
        owned.shop_id,
        owned.cart_id,
        -- An account no key leads to is one of the shop's own test accounts.
        case
            when owned.customer_id is not null then customer_keys.person_id
            else coalesce(address_keys.person_id, buyers.person_id, browser_keys.person_id)
        end as person_id,
        owned.customer_id is null
        and owned.anonymous_id is null
        and coalesce(address_keys.person_id, buyers.person_id) is null as is_nobodys,
        owned.order_id,
        owned.has_observations,
        case
            when owned.customer_id is not null or address_keys.person_id is not null
                then owned.identified_at
            else least(browsers.linked_at, buyers.ordered_at)
        end as identified_at
    from owned
    left join customer_keys
        on
            owned.shop_id = customer_keys.shop_id
            and owned.customer_id = customer_keys.key_value
    left join address_keys
        on
            owned.shop_id = address_keys.shop_id
            and owned.email_hash = address_keys.key_value
    left join browser_keys
        on
            owned.shop_id = browser_keys.shop_id
            and owned.anonymous_id = browser_keys.key_value
    left join browsers
        on
            owned.shop_id = browsers.shop_id
            and owned.anonymous_id = browsers.anonymous_id
    left join buyers
        on
            owned.shop_id = buyers.shop_id
            and owned.cart_id = buyers.cart_id
            and buyers.buyer_no = 1

),

acted_by_somebody as (

    select
        shop_id,
        cart_id,
        coalesce(person_id, 'cart:' || cart_id) as actor_key,
        person_id,
        order_id,
        has_observations,
        identified_at
    from resolved
    where person_id is not null or is_nobodys

)

select * from acted_by_somebody
