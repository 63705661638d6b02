{# Long for what six published rules ask of an order, side by side. #}

with

rules as (

    select * from {{ ref('int_recovery__rules') }}

),

touches as (

    select * from {{ ref('int_recovery__rule_touches') }}
    where person_id is not null

),

orders as (

    select * from {{ ref('int_recovery__orders') }}

),

order_items as (

    select * from {{ ref('stg_order_items') }}

),

episode_items as (

    select * from {{ ref('int_cart_episode_items__held') }}

),

-- What a rule takes for a touch: an order with the token and a visit by the link are clicks, too.
rule_touches as (

    select
        rules.rule_number,
        rules.must_share_goods,
        touches.shop_id,
        touches.message_id,
        touches.occurrence_key,
        touches.person_id,
        touches.touched_at,
        case
            when rules.touch_kind = 'link' then touches.visit_ends_at
            else {{ add_days('touches.touched_at', 'rules.window_days') }}
        end as window_ends_at,
        rules.touch_kind = 'link' and touches.touch_kind = 'order' as is_the_order
    from touches
    inner join rules
        on
            (rules.touch_kind = 'mail' and touches.touch_kind = 'mail')
            or (rules.touch_kind = 'link' and touches.touch_kind in ('link', 'order'))
            or (rules.touch_kind = 'click' and touches.touch_kind in ('click', 'order'))
            or (rules.touch_kind = 'open' and touches.touch_kind in ('open', 'click', 'order'))

),

candidates as (

    select
        rule_touches.shop_id,
        rule_touches.rule_number,
        rule_touches.message_id,
        rule_touches.occurrence_key,
        rule_touches.must_share_goods,
        orders.order_id
    from rule_touches
    inner join orders
        on
            rule_touches.shop_id = orders.shop_id
            and rule_touches.person_id = orders.person_id
            and rule_touches.touched_at <= orders.ordered_by_at
            and (
                rule_touches.window_ends_at > orders.ordered_by_at
                or (rule_touches.is_the_order and rule_touches.touched_at = orders.ordered_by_at)
            )

),

same_goods as (

    select distinct
        candidates.shop_id,
        candidates.message_id,
        candidates.order_id
    from candidates
    inner join episode_items
        on
            candidates.shop_id = episode_items.shop_id
            and candidates.occurrence_key = episode_items.episode_id
    inner join order_items
        on
            candidates.shop_id = order_items.shop_id
            and candidates.order_id = order_items.order_id
            and (
                episode_items.product_id = order_items.product_id
                or episode_items.sku = order_items.sku
            )
    where candidates.must_share_goods

),

ruled as (

    select distinct
        candidates.shop_id,
        candidates.rule_number,
        candidates.message_id,
        candidates.order_id
    from candidates
    left join same_goods
        on
            candidates.shop_id = same_goods.shop_id
            and candidates.message_id = same_goods.message_id
            and candidates.order_id = same_goods.order_id
    where not candidates.must_share_goods or same_goods.order_id is not null

)

select * from ruled
