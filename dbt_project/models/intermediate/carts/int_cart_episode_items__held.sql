with

actions as (

    select * from {{ ref('int_cart_actions__assigned') }}
    where item_key is not null

),

abandoned as (

    select * from {{ ref('int_cart_episodes__abandoned') }}

),

moments as (

    select
        shop_id,
        episode_id,
        'abandoned' as held_when,
        valued_position as moment_position
    from abandoned

    union all

    -- What is in the cart now, or was when it closed: what a mail may name.
    select
        shop_id,
        episode_id,
        'last' as held_when,
        last_position as moment_position
    from abandoned

),

until_moment as (

    select
        moments.held_when,
        actions.*,
        row_number() over (
            partition by actions.shop_id, actions.episode_id, moments.held_when, actions.item_key
            order by actions.position desc
        ) as recency_no,
        row_number() over (
            partition by
                actions.shop_id,
                actions.episode_id,
                moments.held_when,
                actions.item_key,
                case
                    when actions.action_kind in ('add', 'change') and actions.unit_amount is not null
                        then 1
                    else 0
                end
            order by actions.position desc
        ) as price_recency_no,
        max(case when actions.action_kind = 'add' then actions.acted_at end) over (
            partition by actions.shop_id, actions.episode_id, moments.held_when, actions.item_key
        ) as added_at
    from actions
    inner join moments
        on
            actions.shop_id = moments.shop_id
            and actions.episode_id = moments.episode_id
            and actions.position <= moments.moment_position

),

held as (

    select
        shop_id,
        episode_id,
        held_when,
        item_key,
        max(product_id) as product_id,
        max(case when recency_no = 1 then variant_id end) as variant_id,
        max(sku) as sku,
        max(case when recency_no = 1 then held_quantity end) as quantity,
        max(
            case
                when
                    price_recency_no = 1
                    and action_kind in ('add', 'change')
                    then unit_amount
            end
        ) as unit_amount,
        max(added_at) as added_at
    from until_moment
    group by
        shop_id,
        episode_id,
        held_when,
        item_key
    -- Taken out without ever having been in, it was no item of the cart.
    having max(held_quantity) > 0

)

select * from held
