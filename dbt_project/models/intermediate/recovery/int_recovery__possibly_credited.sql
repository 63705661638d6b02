with

message_orders as (

    select * from {{ ref('int_recovery__message_orders') }}

),

credited as (

    select * from {{ ref('int_recovery__credited') }}
    where not is_recovered

),

messages as (

    select * from {{ ref('int_messages__reported') }}

),

clicks as (

    select * from {{ ref('int_mail_events__classed') }}
    where
        event_type = 'click'
        and event_class = 'unknown'

),

-- Only what no touch has earned yet: the range begins where the headline ends.
clicks_before_orders as (

    select
        message_orders.shop_id,
        message_orders.message_id,
        message_orders.order_id,
        credited.person_id,
        credited.revenue_amount,
        max(clicks.occurred_at) as clicked_at
    from message_orders
    inner join credited
        on
            message_orders.shop_id = credited.shop_id
            and message_orders.order_id = credited.order_id
    inner join messages
        on
            message_orders.shop_id = messages.shop_id
            and message_orders.message_id = messages.message_id
    inner join clicks
        on
            message_orders.shop_id = clicks.shop_id
            and message_orders.message_id = clicks.message_id
            and message_orders.ordered_by_at >= clicks.occurred_at
            and messages.sent_at <= clicks.occurred_at
    group by
        message_orders.shop_id,
        message_orders.message_id,
        message_orders.order_id,
        credited.person_id,
        credited.revenue_amount

),

ranked as (

    select
        *,
        row_number() over (
            partition by shop_id, order_id
            order by
                clicked_at desc,
                message_id desc
        ) as credit_rank
    from clicks_before_orders

),

possibly_credited as (

    select
        shop_id,
        order_id,
        message_id,
        person_id,
        revenue_amount,
        clicked_at
    from ranked
    where credit_rank = 1

)

select * from possibly_credited
