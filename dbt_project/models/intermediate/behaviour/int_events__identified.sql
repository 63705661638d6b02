with

events as (

    select * from {{ ref('stg_events') }}

),

customer_keys as (

    select * from {{ ref('int_persons__keys') }}
    where key_type = 'customer'

),

browsers as (

    select * from {{ ref('int_persons__browsers') }}
    where not is_excluded

),

resolved as (

    select
        events.shop_id,
        events.event_id,
        case
            when events.customer_id is not null then customer_keys.person_id
            -- Seen with a second person, a browser speaks for nobody unless logged in.
            when
                browsers.shared_from_at is null
                or events.occurred_at < browsers.shared_from_at
                then browsers.person_id
        end as person_id,
        events.event_name,
        events.anonymous_id,
        events.customer_id,
        events.product_id,
        events.variant_id,
        events.sku,
        events.cart_id,
        events.checkout_id,
        events.order_id,
        events.export_token,
        events.coupon_code,
        events.field_name,
        events.query as search_text,
        events.device,
        events.quantity,
        events.price_amount,
        events.occurred_at,
        events.occurred_on,
        case
            when events.customer_id is not null then events.occurred_at
            else browsers.linked_at
        end as identified_at
    from events
    left join customer_keys
        on
            events.shop_id = customer_keys.shop_id
            and events.customer_id = customer_keys.key_value
    left join browsers
        on
            events.shop_id = browsers.shop_id
            and events.anonymous_id = browsers.anonymous_id
    where not events.is_bot

),

identified as (

    select * from resolved
    where person_id is not null

)

select * from identified
