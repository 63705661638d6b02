with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

described as (

    select * from {{ ref('int_persons__described') }}

),

seen as (

    select * from {{ ref('int_persons__seen') }}

),

sales as (

    select * from {{ ref('int_orders__sales') }}

),

refunds as (

    select * from {{ ref('stg_refunds') }}

),

last_refunds as (

    select
        shop_id,
        order_id,
        max(refunded_at) as refunded_at
    from refunds
    group by
        shop_id,
        order_id

),

-- An order that is none any more was one until it was cancelled or given back, whichever came first;
-- one whose end has no date never was, nor a draft, a failed payment or what nobody has mapped.
counted_orders as (

    select
        sales.shop_id,
        sales.person_id,
        sales.is_sale,
        sales.ordered_at,
        case
            -- `least` passes over the one that is not known.
            when sales.order_state not in ('draft', 'failed', 'unknown') then least(
                case when sales.is_cancelled then sales.cancelled_at end,
                case when sales.is_refunded_in_full then last_refunds.refunded_at end
            )
        end as voided_at
    from sales
    left join last_refunds
        on
            sales.shop_id = last_refunds.shop_id
            and sales.order_id = last_refunds.order_id
    where sales.person_id is not null

),

changes as (

    select
        described.shop_id,
        described.person_id,
        seen.first_seen_at as changed_at,
        0 as order_change,
        0 as account_change
    from described
    inner join seen
        on
            described.shop_id = seen.shop_id
            and described.person_id = seen.person_id
    where seen.first_seen_at is not null

    union all

    -- A member whose registration has no date is one from the first sight on.
    select
        described.shop_id,
        described.person_id,
        coalesce(described.registered_at, seen.first_seen_at) as changed_at,
        0 as order_change,
        1 as account_change
    from described
    left join seen
        on
            described.shop_id = seen.shop_id
            and described.person_id = seen.person_id
    where
        described.is_member
        and coalesce(described.registered_at, seen.first_seen_at) is not null

    union all

    select
        shop_id,
        person_id,
        ordered_at as changed_at,
        1 as order_change,
        0 as account_change
    from counted_orders
    where is_sale or voided_at > ordered_at

    union all

    select
        shop_id,
        person_id,
        voided_at as changed_at,
        -1 as order_change,
        0 as account_change
    from counted_orders
    where
        not is_sale
        and voided_at > ordered_at

),

summed_up as (

    select
        changes.shop_id,
        changes.person_id,
        changes.changed_at,
        sum(changes.order_change) as order_change,
        sum(changes.account_change) as account_change
    from changes
    inner join as_of
        on
            changes.shop_id = as_of.shop_id
            and changes.changed_at < as_of.as_of_at
    group by
        changes.shop_id,
        changes.person_id,
        changes.changed_at

)

select * from summed_up
