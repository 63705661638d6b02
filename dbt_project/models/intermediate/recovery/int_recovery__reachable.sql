{#
    Long for seven gates at two moments.
    May this person have been written to then? The same gates as int_persons__contactable, judged by
    what had been said up to two moments: the abandonment and the end of the eligibility hours. Good at
    either is good: an unsubscribe by the mail itself must not undo that the person was reachable, or
    the arms would be judged unequally.
#}
with

episodes as (

    select * from {{ ref('int_recovery__campaigned') }}

),

places as (

    select * from {{ ref('int_persons__places') }}

),

statements as (

    select * from {{ ref('int_persons__statements') }}

),

-- What was said of marketing speaks for cart mail too. Two rows and an equality: a join on `in` would
-- compare every statement with every episode.
asked_statements as (

    select
        *,
        purpose as asked_purpose
    from statements
    where purpose <> 'profiling'

    union all

    select
        *,
        'cart_reminder' as asked_purpose
    from statements
    where purpose = 'marketing'

),

moments as (

    select
        shop_id,
        episode_id,
        person_id,
        channel,
        purpose,
        identified_at,
        'abandonment' as moment_kind,
        abandoned_at as moment_at
    from episodes

    union all

    select
        shop_id,
        episode_id,
        person_id,
        channel,
        purpose,
        identified_at,
        'cut_off' as moment_kind,
        eligible_until_at as moment_at
    from episodes

),

-- What is dated before the cut-off counts; the abandonment itself belongs to its own moment.
weighed as (

    select
        moments.shop_id,
        moments.episode_id,
        moments.moment_kind,
        moments.moment_at,
        moments.identified_at,
        places.place_key,
        places.is_member,
        places.is_erased,
        case moments.channel
            when 'email' then places.has_email
            when 'sms' then places.has_phone
            when 'post' then places.has_post
        end as has_address,
        statements.statement_kind,
        statements.stated_at,
        coalesce(statements.is_explicit, false) as is_explicit,
        coalesce(statements.place_key = places.place_key, false) as is_own_place,
        coalesce(statements.ended_at is null or statements.ended_at > moments.moment_at, false)
            as is_in_force
    from moments
    left join places
        on
            moments.shop_id = places.shop_id
            and moments.person_id = places.person_id
    left join asked_statements as statements
        on
            places.shop_id = statements.shop_id
            and places.person_id = statements.person_id
            and (
                moments.channel = statements.channel
                or statements.statement_kind = 'erased'
            )
            and moments.purpose = statements.asked_purpose
            and moments.moment_at > statements.stated_at

),

gathered as (

    select
        shop_id,
        episode_id,
        moment_kind,
        moment_at,
        place_key,
        is_member,
        min(identified_at) as identified_at,
        coalesce(min(identified_at) < moment_at, false) as is_identified,
        coalesce(is_erased, false) as is_erased,
        coalesce(has_address, false) as has_address,
        max(case when statement_kind = 'grant' and is_own_place then stated_at end) as granted_at,
        max(
            case when statement_kind = 'grant' and is_own_place and is_explicit then stated_at end
        ) as explicit_grant_at,
        max(case when statement_kind = 'denial' and is_own_place then stated_at end)
            as own_denial_at,
        max(
            case
                when
                    statement_kind = 'unsubscribe'
                    or (statement_kind = 'denial' and not is_own_place)
                    then stated_at
            end
        ) as refused_at,
        max(case when statement_kind = 'erased' then 1 else 0 end) = 1 as was_erased,
        max(case when statement_kind = 'complaint' then 1 else 0 end) = 1 as has_complained,
        max(
            case when statement_kind = 'hard_bounce' and is_own_place and is_in_force then 1 else 0 end
        ) = 1 as has_bounced,
        max(case when statement_kind = 'manual_block' and is_in_force then 1 else 0 end) = 1
            as is_blocked
    from weighed
    group by
        shop_id,
        episode_id,
        moment_kind,
        moment_at,
        place_key,
        is_member,
        coalesce(is_erased, false),
        coalesce(has_address, false)

),

judged as (

    select
        *,
        case
            when not is_identified then 1
            when is_erased or was_erased then 4
            when not has_address then 2
            when granted_at is null then 3
            when own_denial_at is not null and coalesce(explicit_grant_at <= own_denial_at, true)
                then 3
            when refused_at is not null and coalesce(explicit_grant_at <= refused_at, true) then 5
            when has_complained then 6
            when has_bounced then 7
            when is_blocked then 8
            else 9
        end as gate_number
    from gathered

),

-- Of both moments and of several addresses the one that came furthest; then what was true last.
ranked as (

    select
        *,
        row_number() over (
            partition by shop_id, episode_id
            order by
                gate_number desc,
                moment_kind asc,
                is_member desc nulls last,
                place_key asc nulls last
        ) as answer_rank,
        max(case when is_identified then 1 else 0 end) over (
            partition by shop_id, episode_id
        ) as was_identified,
        max(case when is_identified and has_address then 1 else 0 end) over (
            partition by shop_id, episode_id
        ) as had_address,
        min(moment_at) over (
            partition by shop_id, episode_id
        ) as abandoned_at
    from judged

),

answered as (

    select
        shop_id,
        episode_id,
        case gate_number
            when 1 then 'not_identified'
            when 2 then 'no_address'
            when 3 then 'no_consent'
            when 9 then 'reachable'
            else 'suppressed'
        end as reach_state,
        case gate_number
            when 4 then 'erased'
            when 5 then 'unsubscribed'
            when 6 then 'complaint'
            when 7 then 'hard_bounce'
            when 8 then 'manual_block'
        end as suppression_reason,
        was_identified = 1 as is_identified,
        had_address = 1 as has_address,
        gate_number in (5, 6, 7, 8, 9) as has_consent,
        gate_number = 9 as is_reachable,
        -- Whoever was not reachable at once became so no later than the cut-off.
        case
            when gate_number = 9 and moment_kind = 'abandonment' then abandoned_at
            when gate_number = 9 then greatest(abandoned_at, identified_at, granted_at)
        end as eligible_at
    from ranked
    where answer_rank = 1

)

select * from answered
