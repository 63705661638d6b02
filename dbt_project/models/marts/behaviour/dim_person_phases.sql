with

settings as (

    select * from {{ ref('int_run__settings') }}

),

changes as (

    select * from {{ ref('int_persons__phase_changes') }}

),

running as (

    select
        shop_id,
        person_id,
        changed_at,
        sum(order_change) over (
            partition by shop_id, person_id
            order by changed_at asc
        ) as order_count,
        sum(account_change) over (
            partition by shop_id, person_id
            order by changed_at asc
        ) as account_count
    from changes

),

named as (

    select
        running.shop_id,
        running.person_id,
        running.changed_at,
        running.order_count,
        case
            when running.account_count = 0 and running.order_count = 0 then 'anonymous'
            when running.account_count = 0 then 'guest_buyer'
            when running.order_count = 0 then 'member_no_order'
            when running.order_count = 1 then 'first_buyer'
            when running.order_count = 2 then 'second_buyer'
            when running.order_count < settings.loyal_order_count then 'repeat'
            else 'loyal'
        end as phase
    from running
    inner join settings
        on running.shop_id = settings.shop_id

),

compared as (

    select
        *,
        lag(phase) over (
            partition by shop_id, person_id
            order by changed_at asc
        ) as previous_phase
    from named

),

begun as (

    select * from compared
    where
        previous_phase is null
        or previous_phase <> phase

),

bounded as (

    select
        shop_id,
        person_id,
        cast(
            row_number() over (
                partition by shop_id, person_id
                order by changed_at asc
            ) as bigint
        ) as phase_no,
        phase,
        previous_phase,
        lead(changed_at) over (
            partition by shop_id, person_id
            order by changed_at asc
        ) is null as is_current,
        cast(order_count as bigint) as order_count,
        changed_at as valid_from_at,
        lead(changed_at) over (
            partition by shop_id, person_id
            order by changed_at asc
        ) as valid_to_at
    from begun

)

select * from bounded
