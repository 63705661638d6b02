{# Long for its two kinds of source: carts seen again and again, and lists with clocks of their own. #}

with

observed_carts as (

    select * from {{ ref('int_carts__observed') }}

),

observations as (

    select * from {{ ref('stg_cart_observations') }}

),

carts as (

    select * from {{ ref('stg_carts') }}

),

previous_states as (

    select
        shop_id,
        cart_id,
        items_hash,
        items_count,
        total_amount,
        cart_state,
        observed_at,
        observed_on,
        lag(items_hash) over (
            partition by shop_id, cart_id
            order by observed_at
        ) as previous_items_hash,
        lag(cart_state) over (
            partition by shop_id, cart_id
            order by observed_at
        ) as previous_cart_state
    from observations

),

-- Seen again as it was, a cart says nothing new: only a first or changed sight is activity.
changes as (

    select
        shop_id,
        cart_id,
        cart_state,
        items_count,
        total_amount,
        'snapshot' as acted_precision,
        observed_at as acted_at,
        observed_on as acted_on,
        coalesce(items_hash <> previous_items_hash, true)
        or previous_cart_state = 'gone'
        or cart_state = 'gone' as has_changed_items
    from previous_states
    where
        (cart_state = 'gone' and previous_cart_state <> 'gone')
        or (
            cart_state <> 'gone'
            and (
                coalesce(items_hash <> previous_items_hash, true)
                or cart_state <> previous_cart_state
            )
        )

),

-- A list of carts as they stand (checkouts with their own times) has no observations.
listed as (

    select
        carts.shop_id,
        carts.cart_id,
        carts.items_count,
        carts.total_amount,
        carts.last_activity_precision as acted_precision,
        carts.created_at,
        carts.checkout_started_at,
        carts.last_activity_at,
        carts.disappeared_at,
        -- With no clock of its own the cart is as young as the list that shows it.
        case
            when
                carts.last_activity_precision = 'instant'
                and carts.created_at < carts.last_activity_at
                then carts.created_at
            else carts.last_activity_at
        end as opened_at,
        carts.cart_kind = 'checkout' as is_checkout
    from carts
    inner join observed_carts
        on
            carts.shop_id = observed_carts.shop_id
            and carts.cart_id = observed_carts.cart_id
    where
        not observed_carts.has_observations
        and carts.cart_kind <> 'derived'

),

listed_moments as (

    select
        shop_id,
        cart_id,
        'present' as cart_state,
        items_count,
        total_amount,
        acted_precision,
        opened_at as acted_at,
        true as has_changed_items
    from listed

    union all

    select
        shop_id,
        cart_id,
        'checkout' as cart_state,
        items_count,
        total_amount,
        acted_precision,
        greatest(coalesce(checkout_started_at, opened_at), opened_at) as acted_at,
        false as has_changed_items
    from listed
    where is_checkout or checkout_started_at is not null

    union all

    select
        shop_id,
        cart_id,
        'touched' as cart_state,
        items_count,
        total_amount,
        acted_precision,
        last_activity_at as acted_at,
        false as has_changed_items
    from listed
    where last_activity_at > opened_at

    union all

    select
        shop_id,
        cart_id,
        'gone' as cart_state,
        items_count,
        total_amount,
        acted_precision,
        disappeared_at as acted_at,
        true as has_changed_items
    from listed
    where disappeared_at > opened_at

),

shop_days as (

    select * from {{ ref('stg_shop_days') }}

),

dated_moments as (

    select
        listed_moments.shop_id,
        listed_moments.cart_id,
        listed_moments.cart_state,
        listed_moments.items_count,
        listed_moments.total_amount,
        listed_moments.acted_precision,
        listed_moments.acted_at,
        shop_days.day_on as acted_on,
        listed_moments.has_changed_items
    from listed_moments
    inner join {{ ref('int_run__as_of') }} as as_of
        on listed_moments.shop_id = as_of.shop_id
    left join shop_days
        on
            listed_moments.shop_id = shop_days.shop_id
            and listed_moments.acted_at >= shop_days.starts_at
            and listed_moments.acted_at < shop_days.ends_at
    where listed_moments.acted_at < as_of.as_of_at

),

stacked as (

    select
        shop_id,
        cart_id,
        cart_state,
        items_count,
        total_amount,
        acted_precision,
        acted_at,
        acted_on,
        has_changed_items
    from changes

    union all

    select * from dated_moments

),

numbered as (

    select
        stacked.shop_id,
        stacked.cart_id,
        observed_carts.actor_key,
        observed_carts.person_id,
        stacked.cart_state,
        stacked.acted_precision,
        stacked.has_changed_items,
        stacked.items_count,
        stacked.total_amount,
        stacked.acted_at,
        stacked.acted_on,
        observed_carts.identified_at,
        observed_carts.has_observations,
        row_number() over (
            partition by stacked.shop_id, stacked.cart_id, stacked.has_changed_items
            order by
                stacked.acted_at,
                stacked.cart_state
        ) as change_no
    from stacked
    inner join observed_carts
        on
            stacked.shop_id = observed_carts.shop_id
            and stacked.cart_id = observed_carts.cart_id

)

select * from numbered
