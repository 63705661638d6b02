with

message_orders as (

    select * from {{ ref('int_recovery__message_orders') }}

),

touches as (

    select * from {{ ref('int_messages__touched') }}

),

messages as (

    select * from {{ ref('int_messages__reported') }}

),

orders as (

    select * from {{ ref('int_recovery__orders') }}

),

touches_before_orders as (

    select
        message_orders.shop_id,
        message_orders.message_id,
        message_orders.order_id,
        max(touches.touched_at) as touched_at,
        -- Of touches at one instant: coupon before link before click, as evidence goes.
        min(
            case touches.touch_kind
                when 'coupon' then 1
                when 'link' then 2
                else 3
            end
        ) as evidence_no
    from message_orders
    inner join touches
        on
            message_orders.shop_id = touches.shop_id
            and message_orders.message_id = touches.message_id
            and message_orders.ordered_by_at >= touches.touched_at
    group by
        message_orders.shop_id,
        message_orders.message_id,
        message_orders.order_id

),

-- The last touched message; without a touch the one handed over last. The greater id parts equals.
ranked as (

    select
        message_orders.shop_id,
        message_orders.message_id,
        message_orders.order_id,
        message_orders.is_same_goods,
        message_orders.is_via_link,
        touches_before_orders.touched_at,
        touches_before_orders.evidence_no,
        row_number() over (
            partition by message_orders.shop_id, message_orders.order_id
            order by
                touches_before_orders.touched_at desc nulls last,
                case when touches_before_orders.touched_at is null then message_orders.handed_over_at end
                    desc nulls last,
                message_orders.message_id desc
        ) as credit_rank
    from message_orders
    left join touches_before_orders
        on
            message_orders.shop_id = touches_before_orders.shop_id
            and message_orders.message_id = touches_before_orders.message_id
            and message_orders.order_id = touches_before_orders.order_id

),

credited as (

    select
        ranked.shop_id,
        ranked.order_id,
        ranked.message_id,
        messages.campaign_key,
        messages.campaign_version,
        messages.step_number,
        messages.arm_key,
        messages.occurrence_key,
        orders.person_id,
        ranked.touched_at is not null as is_recovered,
        case ranked.evidence_no
            when 1 then 'coupon'
            when 2 then 'link'
            when 3 then 'click'
        end as recovery_rule,
        ranked.is_same_goods,
        ranked.is_via_link,
        orders.currency,
        orders.revenue_amount,
        ranked.touched_at,
        orders.ordered_at
    from ranked
    inner join messages
        on
            ranked.shop_id = messages.shop_id
            and ranked.message_id = messages.message_id
    inner join orders
        on
            ranked.shop_id = orders.shop_id
            and ranked.order_id = orders.order_id
    where ranked.credit_rank = 1

)

select * from credited
