{#
    Long for two moments and their answers.
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

-- Between the two, an answer turns where something was said or ended, or at the log-in.
turning_points as (

    select
        episodes.shop_id,
        episodes.episode_id,
        statements.stated_at as turned_at
    from episodes
    inner join statements
        on
            episodes.shop_id = statements.shop_id
            and episodes.person_id = statements.person_id
            and episodes.abandoned_at <= statements.stated_at
            and episodes.eligible_until_at > statements.stated_at

    union

    select
        episodes.shop_id,
        episodes.episode_id,
        statements.ended_at as turned_at
    from episodes
    inner join statements
        on
            episodes.shop_id = statements.shop_id
            and episodes.person_id = statements.person_id
            and episodes.abandoned_at <= statements.ended_at
            and episodes.eligible_until_at > statements.ended_at

    union

    select
        shop_id,
        episode_id,
        identified_at as turned_at
    from episodes
    where
        abandoned_at <= identified_at
        and eligible_until_at > identified_at

),

moments as (

    select
        episodes.shop_id,
        episodes.episode_id,
        episodes.person_id,
        episodes.channel,
        episodes.purpose,
        episodes.identified_at,
        'between' as moment_kind,
        turning_points.turned_at as moment_at
    from episodes
    inner join turning_points
        on
            episodes.shop_id = turning_points.shop_id
            and episodes.episode_id = turning_points.episode_id

    union all

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

-- What is dated before the cut-off counts; the abandonment itself belongs to its own moment. Joined
-- before the places are: an outer join on `or` would compare every statement with every moment.
heard as (

    select
        moments.shop_id,
        moments.episode_id,
        moments.moment_kind,
        moments.moment_at,
        statements.person_id,
        statements.place_key,
        statements.purpose,
        statements.statement_kind,
        statements.is_explicit,
        statements.stated_at,
        statements.ended_at
    from moments
    inner join asked_statements as statements
        on
            moments.shop_id = statements.shop_id
            and moments.person_id = statements.person_id
            and moments.purpose = statements.asked_purpose
            and moments.moment_at >= statements.stated_at
    where
        (
            moments.channel = statements.channel
            or statements.statement_kind = 'erased'
        )
        and (
            moments.moment_kind = 'between'
            or moments.moment_at > statements.stated_at
        )

),

weighed as (

    select
        moments.shop_id,
        moments.episode_id,
        moments.moment_kind,
        moments.moment_at,
        moments.identified_at,
        places.place_key,
        coalesce(places.is_member, false) as is_member,
        moments.purpose as asked_purpose,
        coalesce(places.erased_at < moments.moment_at, false) as is_erased,
        coalesce(
            case moments.channel
                -- Of an account erased since the hash alone is left to tell of its address.
                when 'email'
                    then
                        places.has_email
                        or (places.erased_at >= moments.moment_at and places.email_hash is not null)
                when 'sms' then places.has_phone
                when 'post' then places.has_post
            end,
            false
        ) as has_address,
        heard.statement_kind,
        heard.purpose as statement_purpose,
        heard.stated_at,
        coalesce(heard.is_explicit, false) as is_explicit,
        coalesce(heard.place_key = places.place_key, false) as is_own_place,
        coalesce(heard.ended_at is null or heard.ended_at > moments.moment_at, false)
            as is_in_force
    from moments
    left join places
        on
            moments.shop_id = places.shop_id
            and moments.person_id = places.person_id
    left join heard
        on
            moments.shop_id = heard.shop_id
            and moments.episode_id = heard.episode_id
            and moments.moment_kind = heard.moment_kind
            and moments.moment_at = heard.moment_at
            and places.person_id = heard.person_id

),

{{ contact_gates([
    'shop_id', 'episode_id', 'moment_kind', 'moment_at', 'identified_at', 'place_key', 'is_member'
]) }},

identified as (

    select
        *,
        coalesce(
            identified_at < moment_at
            or (moment_kind = 'between' and identified_at = moment_at), false
        ) as is_identified
    from judged

),

known as (

    select
        *,
        -- 0: nobody to ask about.
        case when is_identified then gate_number else 0 end as reached_gate
    from identified

),

first_reachable as (

    select
        shop_id,
        episode_id,
        min(moment_at) as first_reachable_at
    from known
    where
        moment_kind = 'between'
        and reached_gate = 8
    group by
        shop_id,
        episode_id

),

-- Of both moments and of several addresses the one that came furthest; then what was true last.
ranked as (

    select
        *,
        row_number() over (
            partition by shop_id, episode_id
            order by
                reached_gate desc,
                moment_kind asc,
                is_member desc,
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
    from known
    where moment_kind <> 'between'

),

answered as (

    select
        ranked.shop_id,
        ranked.episode_id,
        case ranked.reached_gate
            when 0 then 'not_identified'
            when 2 then 'no_address'
            when 3 then 'no_consent'
            when 8 then 'reachable'
            else 'suppressed'
        end as reach_state,
        case ranked.reached_gate
            when 1 then 'erased'
            when 4 then 'unsubscribed'
            when 5 then 'complaint'
            when 6 then 'hard_bounce'
            when 7 then 'manual_block'
        end as suppression_reason,
        ranked.was_identified = 1 as is_identified,
        ranked.had_address = 1 as has_address,
        ranked.reached_gate >= 4 as has_consent,
        ranked.reached_gate = 8 as is_reachable,
        -- Whoever was not reachable at once became so no later than the cut-off.
        case
            when ranked.reached_gate = 8 and ranked.moment_kind = 'abandonment'
                then ranked.abandoned_at
            when ranked.reached_gate = 8 then first_reachable.first_reachable_at
        end as eligible_at
    from ranked
    left join first_reachable
        on
            ranked.shop_id = first_reachable.shop_id
            and ranked.episode_id = first_reachable.episode_id
    where ranked.answer_rank = 1

)

select * from answered
