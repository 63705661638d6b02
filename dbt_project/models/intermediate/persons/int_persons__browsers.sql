{# Long for the four ways a browser shows whose it is, which stand better side by side. #}

with

traces as (

    select * from {{ ref('int_persons__traces') }}

),

identifiers as (

    select * from {{ ref('stg_customer_identifiers') }}

),

events as (

    select * from {{ ref('stg_events') }}

),

orders as (

    select * from {{ ref('stg_orders') }}

),

merged as (

    select * from {{ ref('int_persons__merged') }}

),

-- Every way a browser shows whose it is, with the instant it first did. A page view with a customer
-- id is not one: the link of a mail that was passed on carries its first reader's.
signs as (

    select
        shop_id,
        anonymous_id,
        customer_id,
        first_at as linked_at
    from traces
    where
        customer_id <> ''
        and anonymous_id <> ''
        and trace_kind in ('login', 'checkout', 'cart')

    union all

    select
        shop_id,
        id_value as anonymous_id,
        customer_id,
        first_linked_at as linked_at
    from identifiers
    where id_type in ('anonymous_id', 'ga_user_pseudo_id')

    union all

    select
        events.shop_id,
        events.anonymous_id,
        coalesce(orders.customer_id, 'guest:' || orders.email_hash) as customer_id,
        events.occurred_at as linked_at
    from events
    inner join orders
        on
            events.shop_id = orders.shop_id
            and events.order_id = orders.order_id
    where
        events.anonymous_id is not null
        and events.event_name = 'Order Completed'
        and not events.is_bot

    union all

    -- A source that uses one id for both means one human.
    select
        traces.shop_id,
        traces.anonymous_id,
        merged.customer_id,
        traces.first_at as linked_at
    from traces
    inner join merged
        on
            traces.shop_id = merged.shop_id
            and traces.anonymous_id = merged.customer_id

),

linked_accounts as (

    select
        signs.shop_id,
        signs.anonymous_id,
        signs.customer_id,
        merged.person_id,
        merged.is_excluded,
        signs.linked_at,
        row_number() over (
            partition by signs.shop_id, signs.anonymous_id, merged.person_id
            order by
                signs.linked_at asc nulls last,
                signs.customer_id asc
        ) as sign_rank
    from signs
    inner join merged
        on
            signs.shop_id = merged.shop_id
            and signs.customer_id = merged.customer_id

),

-- Two log-ins at one instant: the smaller account id was there first.
ranked as (

    select
        *,
        row_number() over (
            partition by shop_id, anonymous_id
            order by
                linked_at asc nulls last,
                customer_id asc
        ) as person_rank
    from linked_accounts
    where sign_rank = 1

),

owners as (

    select
        shop_id,
        anonymous_id,
        max(case when person_rank = 1 then person_id end) as person_id,
        min(case when person_rank = 1 then linked_at end) as linked_at,
        -- Where nobody says when the second came, the first keeps only what came before its login.
        case
            when max(person_rank) > 1 then coalesce(
                min(case when person_rank = 2 then linked_at end),
                min(linked_at)
            )
        end as shared_from_at,
        max(case when person_rank = 1 and is_excluded then 1 else 0 end) = 1 as is_excluded,
        max(person_rank) > 1 as is_shared
    from ranked
    group by
        shop_id,
        anonymous_id

),

seen as (

    select
        shop_id,
        anonymous_id,
        min(first_at) as first_seen_at
    from traces
    where anonymous_id <> ''
    group by
        shop_id,
        anonymous_id

),

assigned as (

    select
        seen.shop_id,
        seen.anonymous_id,
        -- Nobody's browser is a person of its own.
        coalesce(owners.person_id, seen.anonymous_id) as person_id,
        owners.person_id is not null as is_identified,
        coalesce(owners.is_shared, false) as is_shared,
        coalesce(owners.is_excluded, false) as is_excluded,
        seen.first_seen_at,
        owners.linked_at,
        owners.shared_from_at
    from seen
    left join owners
        on
            seen.shop_id = owners.shop_id
            and seen.anonymous_id = owners.anonymous_id

)

select * from assigned
