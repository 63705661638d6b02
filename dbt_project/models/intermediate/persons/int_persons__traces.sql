{# Long for its eight sources, which must become one kind of row in one place. #}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

customers as (

    select * from {{ ref('stg_customers') }}

),

events as (

    select * from {{ ref('stg_events') }}

),

orders as (

    select * from {{ ref('stg_orders') }}

),

carts as (

    select * from {{ ref('stg_carts') }}

),

cart_observations as (

    select * from {{ ref('stg_cart_observations') }}

),

favourites as (

    select * from {{ ref('stg_favourites') }}

),

inquiries as (

    select * from {{ ref('stg_inquiries') }}

),

reviews as (

    select * from {{ ref('stg_product_reviews') }}

),

sightings as (

    select
        shop_id,
        customer_id,
        anonymous_id,
        case
            when event_name in ('Signed In', 'Signed Up') then 'login'
            when event_name in (
                'Checkout Started', 'Checkout Step Completed', 'Payment Info Entered',
                'Payment Failed', 'Order Completed'
            ) then 'checkout'
            else 'event'
        end as trace_kind,
        min(occurred_at) as first_at,
        max(occurred_at) as last_at,
        min(occurred_on) as first_on,
        max(occurred_on) as last_on
    from events
    where not is_bot
    group by
        shop_id,
        customer_id,
        anonymous_id,
        trace_kind

    union all

    -- The account itself: where the source does not say when it began, it has no date of its own.
    select
        shop_id,
        customer_id,
        cast(null as string) as anonymous_id,
        'account' as trace_kind,
        registered_at as first_at,
        registered_at as last_at,
        registered_on as first_on,
        registered_on as last_on
    from customers

    union all

    select
        customers.shop_id,
        customers.customer_id,
        cast(null as string) as anonymous_id,
        'login' as trace_kind,
        customers.last_login_at as first_at,
        customers.last_login_at as last_at,
        customers.last_login_on as first_on,
        customers.last_login_on as last_on
    from customers
    -- One after now would take the earlier log-ins of the account with it.
    inner join as_of
        on
            customers.shop_id = as_of.shop_id
            and customers.last_login_at < as_of.as_of_at

    union all

    select
        shop_id,
        coalesce(customer_id, 'guest:' || email_hash) as customer_id,
        cast(null as string) as anonymous_id,
        'order' as trace_kind,
        ordered_at as first_at,
        ordered_at as last_at,
        ordered_on as first_on,
        ordered_on as last_on
    from orders

    union all

    select
        shop_id,
        coalesce(customer_id, 'guest:' || email_hash) as customer_id,
        anonymous_id,
        'cart' as trace_kind,
        last_activity_at as first_at,
        last_activity_at as last_at,
        last_activity_on as first_on,
        last_activity_on as last_on
    from carts

    union all

    -- A snapshot shows that somebody has a cart, not that they were there.
    select
        shop_id,
        customer_id,
        anonymous_id,
        'snapshot' as trace_kind,
        observed_at as first_at,
        observed_at as last_at,
        observed_on as first_on,
        observed_on as last_on
    from cart_observations

    union all

    select
        shop_id,
        customer_id,
        anonymous_id,
        'favourite' as trace_kind,
        added_at as first_at,
        added_at as last_at,
        added_on as first_on,
        added_on as last_on
    from favourites

    union all

    select
        shop_id,
        customer_id,
        cast(null as string) as anonymous_id,
        'inquiry' as trace_kind,
        opened_at as first_at,
        opened_at as last_at,
        opened_on as first_on,
        opened_on as last_on
    from inquiries

    union all

    select
        shop_id,
        customer_id,
        cast(null as string) as anonymous_id,
        'review' as trace_kind,
        reviewed_at as first_at,
        reviewed_at as last_at,
        reviewed_on as first_on,
        reviewed_on as last_on
    from reviews

),

summed_up as (

    select
        shop_id,
        coalesce(customer_id, '') as customer_id,
        coalesce(anonymous_id, '') as anonymous_id,
        trace_kind,
        min(first_at) as first_at,
        max(last_at) as last_at,
        min(first_on) as first_on,
        max(last_on) as last_on
    from sightings
    where customer_id is not null or anonymous_id is not null
    group by
        shop_id,
        coalesce(customer_id, ''),
        coalesce(anonymous_id, ''),
        trace_kind

)

select * from summed_up
