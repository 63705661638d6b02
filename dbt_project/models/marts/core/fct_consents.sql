{# Nobody has to keep the evidence of a consent longer than this after the last message it covered. #}
{%- set kept_months = 36 -%}

with

consents as (

    select * from {{ ref('stg_consents') }}

),

addresses as (

    select * from {{ ref('int_persons__addresses') }}

),

merged as (

    select * from {{ ref('int_persons__merged') }}
    where not is_excluded

),

messages as (

    select * from {{ ref('fct_messages') }}

),

-- What was said of an address binds whoever uses it; what was said of an account, its person.
users as (

    select
        consents.shop_id,
        consents.consent_id,
        merged.person_id
    from consents
    inner join merged
        on
            consents.shop_id = merged.shop_id
            and consents.customer_id = merged.customer_id

    union

    select
        consents.shop_id,
        consents.consent_id,
        merged.person_id
    from consents
    inner join addresses
        on
            consents.shop_id = addresses.shop_id
            and consents.email_hash = addresses.email_hash
    inner join merged
        on
            addresses.shop_id = merged.shop_id
            and addresses.customer_id = merged.customer_id

),

-- An address that several persons use is nobody's in particular.
owners as (

    select
        shop_id,
        consent_id,
        case when count(*) = 1 then max(person_id) end as person_id,
        count(*) as person_count
    from users
    group by
        shop_id,
        consent_id

),

last_sends as (

    select
        shop_id,
        person_id,
        channel,
        max(sent_on) as last_sent_on
    from messages
    where
        is_sent
        and person_id is not null
    group by
        shop_id,
        person_id,
        channel

),

covered as (

    select
        users.shop_id,
        users.consent_id,
        max(last_sends.last_sent_on) as last_sent_on
    from users
    inner join consents
        on
            users.shop_id = consents.shop_id
            and users.consent_id = consents.consent_id
    inner join last_sends
        on
            users.shop_id = last_sends.shop_id
            and users.person_id = last_sends.person_id
            and consents.channel = last_sends.channel
    group by
        users.shop_id,
        users.consent_id

),

stated as (

    select
        consents.shop_id,
        consents.consent_id,
        owners.person_id,
        consents.channel,
        consents.purpose,
        consents.consent_state,
        consents.basis,
        consents.wording_version,
        consents.evidence_ref,
        consents.collected_via,
        consents.basis in ('form', 'checkout', 'double_opt_in', 'written') as is_explicit,
        consents.wording_version is not null and consents.evidence_ref is not null as has_evidence,
        coalesce(owners.person_count, 0) as person_count,
        consents.occurred_at,
        consents.occurred_on,
        covered.last_sent_on,
        -- The source may ask for longer, never for less.
        greatest(
            coalesce(
                {{ add_months_on('covered.last_sent_on', kept_months) }}, consents.retain_until_on
            ),
            coalesce(
                consents.retain_until_on, {{ add_months_on('covered.last_sent_on', kept_months) }}
            )
        ) as retain_until_on
    from consents
    left join owners
        on
            consents.shop_id = owners.shop_id
            and consents.consent_id = owners.consent_id
    left join covered
        on
            consents.shop_id = covered.shop_id
            and consents.consent_id = covered.consent_id

)

select * from stated
