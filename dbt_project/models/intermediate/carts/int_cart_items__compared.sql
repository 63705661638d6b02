{# Long for two lists compared in both directions: what appeared and what disappeared. #}

with

changes as (

    select * from {{ ref('int_cart_observations__changed') }}
    where has_changed_items

),

items as (

    select * from {{ ref('stg_cart_items') }}

),

-- A listed cart's items are those of its newest list.
newest_lists as (

    select
        shop_id,
        cart_id,
        max(observed_at) as observed_at
    from items
    group by
        shop_id,
        cart_id

),

lists as (

    select
        changes.shop_id,
        changes.cart_id,
        changes.change_no,
        changes.items_count,
        changes.total_amount,
        changes.cart_state,
        case
            when changes.has_observations then changes.acted_at
            else newest_lists.observed_at
        end as observed_at
    from changes
    left join newest_lists
        on
            changes.shop_id = newest_lists.shop_id
            and changes.cart_id = newest_lists.cart_id

),

-- Where only the count is known, the cart itself stands for its goods.
shown as (

    select
        lists.shop_id,
        lists.cart_id,
        lists.change_no,
        coalesce(items.product_id, items.sku, items.variant_id, lists.cart_id) as item_key,
        max(items.product_id) as product_id,
        max(items.variant_id) as variant_id,
        max(items.sku) as sku,
        sum(
            case when items.cart_id is null then lists.items_count else items.quantity end
        ) as quantity,
        max(
            case
                when items.cart_id is not null then items.unit_amount
                when lists.items_count > 0
                    then cast(lists.total_amount / lists.items_count as decimal(18, 4))
            end
        ) as unit_amount
    from lists
    left join items
        on
            lists.shop_id = items.shop_id
            and lists.cart_id = items.cart_id
            and lists.observed_at = items.observed_at
            and items.removed_at is null
    where lists.cart_state <> 'gone'
    group by
        lists.shop_id,
        lists.cart_id,
        lists.change_no,
        coalesce(items.product_id, items.sku, items.variant_id, lists.cart_id)

),

present as (

    select
        shop_id,
        cart_id,
        change_no,
        item_key,
        product_id,
        variant_id,
        sku,
        quantity,
        unit_amount
    from shown
    where quantity > 0

),

appeared as (

    select
        present.shop_id,
        present.cart_id,
        present.change_no,
        present.item_key,
        present.product_id,
        present.variant_id,
        present.sku,
        present.quantity,
        coalesce(before.quantity, 0) as previous_quantity,
        present.unit_amount
    from present
    left join present as before
        on
            present.shop_id = before.shop_id
            and present.cart_id = before.cart_id
            and present.item_key = before.item_key
            and present.change_no = before.change_no + 1

),

disappeared as (

    select
        before.shop_id,
        before.cart_id,
        before.change_no + 1 as change_no,
        before.item_key,
        before.product_id,
        before.variant_id,
        before.sku,
        cast(0 as decimal(12, 3)) as quantity,
        before.quantity as previous_quantity,
        before.unit_amount
    from present as before
    left join present
        on
            before.shop_id = present.shop_id
            and before.cart_id = present.cart_id
            and before.item_key = present.item_key
            and before.change_no + 1 = present.change_no
    where present.cart_id is null

),

stacked as (

    select * from appeared
    union all
    select * from disappeared

),

-- The last list of a cart has no successor to be missing from.
differing as (

    select
        stacked.shop_id,
        stacked.cart_id,
        changes.actor_key,
        changes.person_id,
        stacked.item_key,
        stacked.product_id,
        stacked.variant_id,
        stacked.sku,
        changes.cart_state,
        changes.acted_precision,
        stacked.quantity,
        stacked.previous_quantity,
        stacked.unit_amount,
        changes.acted_at,
        changes.acted_on,
        changes.identified_at
    from stacked
    inner join changes
        on
            stacked.shop_id = changes.shop_id
            and stacked.cart_id = changes.cart_id
            and stacked.change_no = changes.change_no
    where stacked.quantity <> stacked.previous_quantity

)

select * from differing
