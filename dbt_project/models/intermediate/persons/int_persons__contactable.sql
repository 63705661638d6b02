{# Long for one explicit list of columns per step from question to answer. #}

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

-- A person is erased, not an address of theirs on one channel. Two stacked rows and an equality: a join
-- on `or` would compare every statement with every question.
heard as (

    select
        *,
        channel as asked_channel
    from statements
    where statement_kind <> 'erased'

    union all

    select
        statements.*,
        channels.channel as asked_channel
    from statements
    inner join channels
        on statements.shop_id = channels.shop_id
    where statements.statement_kind = 'erased'

),

weighed as (

    select
        questions.shop_id,
        questions.person_id,
        questions.place_key,
        questions.channel,
        questions.purpose,
        questions.email_hash,
        questions.customer_id,
        questions.is_member,
        questions.is_erased,
        questions.has_address,
        questions.purpose as asked_purpose,
        heard.statement_kind,
        heard.purpose as statement_purpose,
        coalesce(heard.is_explicit, false) as is_explicit,
        coalesce(heard.place_key = questions.place_key, false) as is_own_place,
        coalesce(heard.ended_at is null or heard.ended_at > questions.as_of_at, false)
            as is_in_force,
        heard.stated_at
    from questions
    left join heard
        on
            questions.shop_id = heard.shop_id
            and questions.person_id = heard.person_id
            and questions.channel = heard.asked_channel

),

{{ contact_gates([
    'shop_id', 'person_id', 'place_key', 'channel', 'purpose', 'email_hash', 'customer_id', 'is_member'
]) }},

profiling_refusals as (

    select
        shop_id,
        person_id,
        channel,
        max(case when statement_kind in ('denial', 'unsubscribe') then stated_at end) as denied_at,
        max(case when statement_kind = 'grant' and is_explicit then stated_at end) as granted_at
    from statements
    where purpose = 'profiling'
    group by
        shop_id,
        person_id,
        channel

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
        ranked.shop_id,
        ranked.person_id,
        ranked.channel,
        ranked.purpose,
        ranked.customer_id,
        ranked.email_hash,
        case ranked.gate_number
            when 1 then 'erased'
            when 2 then 'no_address'
            when 3 then 'no_consent'
            when 4 then 'unsubscribed'
            when 5 then 'complaint'
            when 6 then 'hard_bounce'
            when 7 then 'manual_block'
        end as block_reason,
        ranked.gate_number = 8 as is_contactable,
        profiling_refusals.denied_at is not null
        and coalesce(profiling_refusals.granted_at <= profiling_refusals.denied_at, true)
            as has_profiling_opt_out,
        ranked.explicit_grant_at
    from ranked
    left join profiling_refusals
        on
            ranked.shop_id = profiling_refusals.shop_id
            and ranked.person_id = profiling_refusals.person_id
            and ranked.channel = profiling_refusals.channel
    where ranked.place_rank = 1

)

select * from answered
