{# Long so that status, cancellation, refund and revenue of an order are decided in one place. #}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

settings as (

    select * from {{ ref('int_run__settings') }}

),

orders as (

    select * from {{ ref('stg_orders') }}

),

status_map as (

    select * from {{ ref('stg_order_status_map') }}

),

refunded as (

    select * from {{ ref('int_orders__refunded') }}

),

merged as (

    select * from {{ ref('int_persons__merged') }}

),

-- A test account's orders are left out; an order nobody can be named for stays, without a person.
matched_to_persons as (

    select
        orders.*,
        merged.person_id
    from orders
    left join merged
        on
            orders.shop_id = merged.shop_id
            and coalesce(orders.customer_id, 'guest:' || orders.email_hash) = merged.customer_id
    where not coalesce(merged.is_excluded, false)

),

judged as (

    select
        matched_to_persons.*,
        settings.currency as shop_currency,
        settings.revenue_measure,
        -- What the map does not name is unknown, and never silently a sale.
        coalesce(status_map.order_state, 'unknown') as order_state,
        coalesce(status_map.is_sale, false) as is_sale_status,
        coalesce(matched_to_persons.cancelled_at < as_of.as_of_at, false) as is_cancelled,
        coalesce(refunded.refunded_amount, 0) as known_refunded_amount,
        coalesce(refunded.refunded_goods_amount, 0) as refunded_goods_amount,
        matched_to_persons.currency = settings.currency as is_in_shop_currency
    from matched_to_persons
    inner join as_of
        on matched_to_persons.shop_id = as_of.shop_id
    inner join settings
        on matched_to_persons.shop_id = settings.shop_id
    left join status_map
        on
            matched_to_persons.shop_id = status_map.shop_id
            and matched_to_persons.source_key = status_map.source_key
            and matched_to_persons.source_status = status_map.source_status
    left join refunded
        on
            matched_to_persons.shop_id = refunded.shop_id
            and matched_to_persons.order_id = refunded.order_id

),

measured as (

    select
        *,
        case revenue_measure
            when 'goods' then goods_amount
            when 'total' then total_amount
            else paid_amount
        end as gross_amount,
        case revenue_measure
            when 'goods' then refunded_goods_amount
            else known_refunded_amount
        end as taken_back_amount,
        known_refunded_amount > 0 and (
            -- Points come back as points: in full is what was paid.
            coalesce(known_refunded_amount >= coalesce(nullif(paid_amount, 0), total_amount), false)
            or coalesce(refunded_goods_amount >= goods_amount, false)
        ) as is_refunded_in_full
    from judged

),

decided as (

    select
        *,
        is_sale_status and not is_cancelled and not is_refunded_in_full as is_sale
    from measured

),

numbered as (

    select
        shop_id,
        order_id,
        person_id,
        order_number,
        cart_id,
        checkout_token,
        export_token,
        case
            when is_sale and person_id is not null then row_number() over (
                partition by shop_id, person_id, is_sale
                order by
                    ordered_at asc,
                    order_id asc
            )
        end as purchase_no,
        order_state,
        source_key,
        source_status,
        ordered_precision,
        payment_method,
        device,
        sales_channel,
        landing_campaign,
        coupon_codes,
        shop_currency as currency,
        is_guest,
        is_sale,
        is_cancelled,
        is_refunded_in_full,
        -- More than the whole is never given back: sources round taxes differently. An amount that
        -- is not known stays so: `greatest` would pass over it and say 0.
        case
            when is_in_shop_currency and gross_amount is not null then cast(
                greatest(gross_amount - taken_back_amount, 0) as decimal(18, 4)
            )
        end as revenue_amount,
        -- The same before refunds.
        case when is_in_shop_currency then cast(gross_amount as decimal(18, 4)) end as gross_amount,
        case when is_in_shop_currency then goods_amount end as goods_amount,
        case when is_in_shop_currency then discount_amount end as discount_amount,
        case when is_in_shop_currency then points_used_amount end as points_used_amount,
        case when is_in_shop_currency then shipping_amount end as shipping_amount,
        case when is_in_shop_currency then total_amount end as total_amount,
        case when is_in_shop_currency then paid_amount end as paid_amount,
        case
            when is_in_shop_currency then cast(known_refunded_amount as decimal(18, 4))
        end as refunded_amount,
        ordered_at,
        ordered_on,
        {{ month_of('ordered_on') }} as ordered_month,
        shipped_at,
        delivered_at,
        cancelled_at
    from decided

)

select * from numbered
