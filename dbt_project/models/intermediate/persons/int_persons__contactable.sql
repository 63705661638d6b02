{# Long so that every gate of a message is read in one place, in the order they are passed. #}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

places as (

    select * from {{ ref('int_persons__places') }}

),

statements as (

    select * from {{ ref('int_persons__statements') }}

),

channels as (

    select
        shop_id,
        channel
    from statements

    union

    select
        shop_id,
        'email' as channel
    from as_of

),

purposes as (

    select 'marketing' as purpose
    union all
    select 'cart_reminder' as purpose

),

questions as (

    select
        places.*,
        as_of.as_of_at,
        channels.channel,
        purposes.purpose,
        case channels.channel
            when 'email' then places.has_email
            when 'sms' then places.has_phone
            when 'post' then places.has_post
            else false
        end as has_address
    from places
    inner join as_of
        on places.shop_id = as_of.shop_id
    inner join channels
        on places.shop_id = channels.shop_id
    cross join purposes

),

-- Cart mail is advertising: it needs marketing's consent or its own, and falls with marketing's.
weighed as (

    select
        questions.*,
        statements.statement_kind,
        statements.is_explicit,
        statements.stated_at,
        coalesce(statements.place_key = questions.place_key, false) as is_own_place,
        coalesce(statements.purpose in ('marketing', questions.purpose), false) as is_about_this,
        coalesce(statements.purpose = 'profiling', false) as is_about_profiling,
        coalesce(
            statements.ended_at is null or statements.ended_at > questions.as_of_at, false
        ) as is_in_force
    from questions
    left join statements
        on
            questions.shop_id = statements.shop_id
            and questions.person_id = statements.person_id
            -- A person is erased, not an address of theirs on one channel.
            and (
                questions.channel = statements.channel
                or statements.statement_kind = 'erased'
            )

),

-- Consent holds for its own place only; a refusal at any place binds the person on the channel.
gathered as (

    select
        shop_id,
        person_id,
        place_key,
        channel,
        purpose,
        email_hash,
        customer_id,
        is_member,
        is_erased,
        has_address,
        max(case
            when statement_kind = 'grant' and is_own_place and is_about_this then stated_at
        end) as granted_at,
        max(case
            when
                statement_kind = 'grant' and is_own_place and is_explicit and is_about_this
                then stated_at
        end) as explicit_grant_at,
        max(case
            when statement_kind = 'denial' and is_own_place and is_about_this then stated_at
        end) as own_denial_at,
        max(case
            when
                is_about_this
                and (
                    statement_kind = 'unsubscribe'
                    or (statement_kind = 'denial' and not is_own_place)
                )
                then stated_at
        end) as refused_at,
        max(case
            when is_about_profiling and statement_kind in ('denial', 'unsubscribe') then stated_at
        end) as profiling_denied_at,
        max(case
            when is_about_profiling and statement_kind = 'grant' and is_explicit then stated_at
        end) as profiling_granted_at,
        max(case when statement_kind = 'erased' then 1 else 0 end) = 1 as was_erased,
        max(case when statement_kind = 'complaint' then 1 else 0 end) = 1 as has_complained,
        max(case
            when statement_kind = 'hard_bounce' and is_own_place and is_in_force then 1 else 0
        end) = 1 as has_bounced,
        max(case when statement_kind = 'manual_block' and is_in_force then 1 else 0 end) = 1
            as is_blocked
    from weighed
    group by
        shop_id,
        person_id,
        place_key,
        channel,
        purpose,
        email_hash,
        customer_id,
        is_member,
        is_erased,
        has_address

),

-- At the same instant a denial beats a grant: only a later one ends it.
judged as (

    select
        *,
        case
            when is_erased or was_erased then 1
            when not has_address then 2
            when granted_at is null then 3
            when own_denial_at is not null and coalesce(explicit_grant_at <= own_denial_at, true) then 3
            when refused_at is not null and coalesce(explicit_grant_at <= refused_at, true) then 4
            when has_complained then 5
            when has_bounced then 6
            when is_blocked then 7
            else 8
        end as gate_number,
        profiling_denied_at is not null
        and coalesce(profiling_granted_at <= profiling_denied_at, true) as has_profiling_opt_out
    from gathered

),

-- Of several addresses the one that came furthest; then a member's, then the smallest.
ranked as (

    select
        *,
        row_number() over (
            partition by shop_id, person_id, channel, purpose
            order by
                gate_number desc,
                is_member desc,
                place_key asc
        ) as place_rank
    from judged

),

answered as (

    select
        shop_id,
        person_id,
        channel,
        purpose,
        customer_id,
        email_hash,
        case gate_number
            when 1 then 'erased'
            when 2 then 'no_address'
            when 3 then 'no_consent'
            when 4 then 'unsubscribed'
            when 5 then 'complaint'
            when 6 then 'hard_bounce'
            when 7 then 'manual_block'
        end as block_reason,
        gate_number = 8 as is_contactable,
        has_profiling_opt_out
    from ranked
    where place_rank = 1

)

select * from answered
