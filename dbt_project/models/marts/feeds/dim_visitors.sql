with

accounts as (

    select * from {{ ref('int_persons__accounts') }}
    where
        is_member
        and not is_excluded

),

keys as (

    select * from {{ ref('int_persons__keys') }}
    where key_type = 'customer'

),

browsers as (

    select * from {{ ref('int_persons__browsers') }}

),

persons as (

    select * from {{ ref('dim_persons') }}

),

phases as (

    select * from {{ ref('dim_person_phases') }}
    where is_current

),

sessions as (

    select * from {{ ref('fct_sessions') }}

),

shops as (

    select * from {{ ref('dim_shops') }}

),

objections as (

    select distinct
        shop_id,
        person_id
    from {{ ref('int_persons__contactable') }}
    where has_profiling_opt_out

),

-- A browser two people have used says nobody's name: what is theirs shows once they have logged in.
ids as (

    select
        accounts.shop_id,
        'member' as visitor_kind,
        accounts.customer_id as visitor_id,
        keys.person_id
    from accounts
    inner join keys
        on
            accounts.shop_id = keys.shop_id
            and accounts.customer_id = keys.key_value

    union all

    select
        shop_id,
        'browser' as visitor_kind,
        anonymous_id as visitor_id,
        person_id
    from browsers
    where
        not is_shared
        and not is_excluded

),

session_counts as (

    select
        shop_id,
        person_id,
        count(*) as session_count
    from sessions
    group by
        shop_id,
        person_id

),

-- Whoever objects to profiling, or is gone for so long as to be won back, meets the site as it is for
-- everybody.
described as (

    select
        ids.shop_id,
        ids.visitor_kind,
        ids.visitor_id,
        ids.person_id,
        coalesce(phases.phase, 'anonymous') as phase,
        coalesce(session_counts.session_count, 0) as session_count,
        persons.last_seen_at,
        shops.as_of_at
    from ids
    inner join persons
        on
            ids.shop_id = persons.shop_id
            and ids.person_id = persons.person_id
    inner join shops
        on
            ids.shop_id = shops.shop_id
            and persons.last_seen_on > {{ add_months_on('shops.as_of_on', '-shops.winback_months') }}
    left join phases
        on
            ids.shop_id = phases.shop_id
            and ids.person_id = phases.person_id
    left join session_counts
        on
            ids.shop_id = session_counts.shop_id
            and ids.person_id = session_counts.person_id
    left join objections
        on
            ids.shop_id = objections.shop_id
            and ids.person_id = objections.person_id
    where objections.person_id is null

)

select * from described
