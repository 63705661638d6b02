{# Long for its inputs; each step is short. #}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

traces as (

    select * from {{ ref('int_persons__traces') }}

),

events as (

    select * from {{ ref('stg_events') }}

),

favourites as (

    select * from {{ ref('stg_favourites') }}

),

carts as (

    select * from {{ ref('stg_carts') }}

),

cart_observations as (

    select * from {{ ref('stg_cart_observations') }}

),

browsers as (

    select * from {{ ref('int_persons__browsers') }}

),

keys as (

    select * from {{ ref('int_persons__keys') }}

),

by_browser_alone as (

    select
        shop_id,
        anonymous_id,
        'event' as trace_kind,
        occurred_at as seen_at,
        occurred_on as seen_on
    from events
    where
        not is_bot
        and customer_id is null

    union all

    select
        shop_id,
        anonymous_id,
        'favourite' as trace_kind,
        added_at as seen_at,
        added_on as seen_on
    from favourites
    where customer_id is null

    union all

    select
        shop_id,
        anonymous_id,
        'cart' as trace_kind,
        last_activity_at as seen_at,
        last_activity_on as seen_on
    from carts
    where
        customer_id is null
        and email_hash is null

    union all

    select
        shop_id,
        anonymous_id,
        'snapshot' as trace_kind,
        observed_at as seen_at,
        observed_on as seen_on
    from cart_observations
    where customer_id is null

),

-- Of a shared browser only what came before its second person can be read as the first's.
before_sharing as (

    select
        browsers.shop_id,
        browsers.person_id,
        by_browser_alone.trace_kind,
        min(by_browser_alone.seen_at) as first_at,
        max(by_browser_alone.seen_at) as last_at,
        min(by_browser_alone.seen_on) as first_on,
        max(by_browser_alone.seen_on) as last_on
    from browsers
    inner join by_browser_alone
        on
            browsers.shop_id = by_browser_alone.shop_id
            and browsers.anonymous_id = by_browser_alone.anonymous_id
    where
        browsers.is_shared
        and not browsers.is_excluded
        and by_browser_alone.seen_at < browsers.shared_from_at
    group by
        browsers.shop_id,
        browsers.person_id,
        by_browser_alone.trace_kind

),

of_persons as (

    select
        traces.shop_id,
        keys.person_id,
        traces.trace_kind,
        traces.first_at,
        traces.last_at,
        traces.first_on,
        traces.last_on
    from traces
    inner join keys
        on
            traces.shop_id = keys.shop_id
            and traces.customer_id = keys.key_value
            and keys.key_type = 'customer'

    union all

    select
        traces.shop_id,
        keys.person_id,
        traces.trace_kind,
        traces.first_at,
        traces.last_at,
        traces.first_on,
        traces.last_on
    from traces
    inner join keys
        on
            traces.shop_id = keys.shop_id
            and traces.anonymous_id = keys.key_value
            and keys.key_type = 'browser'
    where
        traces.customer_id = ''
        and keys.valid_until_at is null

    union all

    select * from before_sharing

),

-- Only what somebody did shows that they were there; a row of a file or a snapshot does not.
activities as (

    select
        of_persons.*,
        case of_persons.trace_kind
            when 'login' then 1
            when 'event' then 2
            when 'checkout' then 2
            when 'cart' then 3
            when 'favourite' then 4
            when 'order' then 5
        end as basis_order
    from of_persons
    inner join as_of
        on of_persons.shop_id = as_of.shop_id
    where of_persons.last_at is null or of_persons.last_at < as_of.as_of_at

),

dated as (

    select
        *,
        max(case when basis_order is not null then last_at end) over (
            partition by shop_id, person_id
        ) as last_seen_at
    from activities

),

summed_up as (

    select
        shop_id,
        person_id,
        case min(case when last_at = last_seen_at then basis_order end)
            when 1 then 'login'
            when 2 then 'event'
            when 3 then 'cart'
            when 4 then 'favourite'
            when 5 then 'order'
        end as last_seen_basis,
        min(first_at) as first_seen_at,
        min(first_on) as first_seen_on,
        last_seen_at,
        max(case when basis_order is not null then last_on end) as last_seen_on,
        max(case when trace_kind = 'login' then last_at end) as last_login_at,
        max(case when trace_kind = 'login' then last_on end) as last_login_on,
        max(case when trace_kind in ('login', 'event', 'checkout') then last_at end)
            as last_visit_at,
        max(case when trace_kind in ('login', 'event', 'checkout') then last_on end)
            as last_visit_on
    from dated
    group by
        shop_id,
        person_id,
        last_seen_at

)

select * from summed_up
