{#
    Long for the moments at which an answer may change.
    The same gates as int_persons__contactable, for e-mail advertising, at each moment at which
    something was said or ended: between two of them nothing changes.
#}
with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

places as (

    select * from {{ ref('int_persons__places') }}

),

statements as (

    select * from {{ ref('int_persons__statements') }}
    where
        purpose = 'marketing'
        and (channel = 'email' or statement_kind = 'erased')

),

-- Who never agreed was never mailable.
agreed as (

    select distinct
        shop_id,
        person_id
    from statements
    where statement_kind = 'grant'

),

moments_of_all as (

    select
        shop_id,
        person_id,
        stated_at as moment_at
    from statements

    union

    select
        shop_id,
        person_id,
        ended_at as moment_at
    from statements
    where ended_at is not null

    union

    select
        shop_id,
        person_id,
        erased_at as moment_at
    from places
    where erased_at is not null

),

moments as (

    select moments_of_all.*
    from moments_of_all
    inner join agreed
        on
            moments_of_all.shop_id = agreed.shop_id
            and moments_of_all.person_id = agreed.person_id
    inner join as_of
        on moments_of_all.shop_id = as_of.shop_id
    where moments_of_all.moment_at <= as_of.as_of_at

),

weighed as (

    select
        moments.shop_id,
        moments.person_id,
        moments.moment_at,
        places.place_key,
        'marketing' as asked_purpose,
        coalesce(places.erased_at <= moments.moment_at, false) as is_erased,
        places.has_email
        or coalesce(places.erased_at > moments.moment_at and places.email_hash is not null, false)
            as has_address,
        statements.statement_kind,
        statements.purpose as statement_purpose,
        statements.stated_at,
        coalesce(statements.is_explicit, false) as is_explicit,
        coalesce(statements.place_key = places.place_key, false) as is_own_place,
        coalesce(statements.ended_at is null or statements.ended_at > moments.moment_at, false)
            as is_in_force
    from moments
    inner join places
        on
            moments.shop_id = places.shop_id
            and moments.person_id = places.person_id
    left join statements
        on
            moments.shop_id = statements.shop_id
            and moments.person_id = statements.person_id
            and moments.moment_at >= statements.stated_at

),

{{ contact_gates(['shop_id', 'person_id', 'moment_at', 'place_key']) }},

answered as (

    select
        shop_id,
        person_id,
        moment_at,
        max(gate_number) = 8 as is_mailable
    from judged
    group by
        shop_id,
        person_id,
        moment_at

),

with_previous as (

    select
        *,
        coalesce(
            lag(is_mailable) over (
                partition by shop_id, person_id
                order by
                    moment_at,
                    person_id
            ),
            false
        ) as was_mailable
    from answered

),

changed as (

    select
        shop_id,
        person_id,
        is_mailable,
        moment_at as changed_at
    from with_previous
    where is_mailable <> was_mailable

)

select * from changed
