{# Long for its three sources, which must become one kind of row in one place. #}

with

consents as (

    select * from {{ ref('stg_consents') }}

),

suppressions as (

    select * from {{ ref('stg_suppressions') }}

),

mail_events as (

    select * from {{ ref('stg_mail_events') }}

),

claims as (

    select * from {{ ref('stg_export_claims') }}

),

accounts as (

    select * from {{ ref('int_persons__accounts') }}

),

addresses as (

    select * from {{ ref('int_persons__addresses') }}

),

merged as (

    select * from {{ ref('int_persons__merged') }}

),

claimed_tokens as (

    select
        shop_id,
        recipient_token,
        min(email_hash) as email_hash
    from claims
    where recipient_token is not null
    group by
        shop_id,
        recipient_token

),

-- The ledger stops an account by the key it knows it by, which is no address.
stopped as (

    select
        suppressions.*,
        accounts.customer_id as keyed_customer_id
    from suppressions
    left join accounts
        on
            suppressions.shop_id = accounts.shop_id
            and suppressions.email_hash = accounts.person_key

),

said as (

    select
        shop_id,
        customer_id,
        email_hash,
        channel,
        purpose,
        case
            when consent_state = 'granted' then 'grant'
            when basis = 'one_click_unsubscribe' then 'unsubscribe'
            else 'denial'
        end as statement_kind,
        -- A bare flag or a stale import revives nobody who said no.
        basis in ('form', 'checkout', 'double_opt_in', 'written') as is_explicit,
        occurred_at as stated_at,
        cast(null as timestamp) as ended_at
    from consents
    where consent_state in ('granted', 'denied')

    union all

    select
        stopped.shop_id,
        coalesce(stopped.customer_id, stopped.keyed_customer_id) as customer_id,
        case when stopped.keyed_customer_id is null then stopped.email_hash end as email_hash,
        stopped.channel,
        'marketing' as purpose,
        case
            when stopped.reason in ('unsubscribe', 'withdrawn_member') then 'unsubscribe'
            when stopped.reason in ('hard_bounce', 'soft_bounce_repeated') then 'hard_bounce'
            when stopped.reason in ('manual', 'legal') then 'manual_block'
            else stopped.reason
        end as statement_kind,
        true as is_explicit,
        stopped.started_at as stated_at,
        -- Unsubscribe and complaint never end by themselves.
        case
            when stopped.reason not in ('unsubscribe', 'withdrawn_member', 'complaint', 'erased')
                then stopped.ended_at
        end as ended_at
    from stopped
    -- Narrower scopes are judged at hand-off, where campaign and destination are known.
    where stopped.scope = 'global'

    union all

    select
        mail_events.shop_id,
        cast(null as string) as customer_id,
        coalesce(mail_events.email_hash, claimed_tokens.email_hash) as email_hash,
        'email' as channel,
        'marketing' as purpose,
        mail_events.event_type as statement_kind,
        true as is_explicit,
        mail_events.occurred_at as stated_at,
        cast(null as timestamp) as ended_at
    from mail_events
    left join claimed_tokens
        on
            mail_events.shop_id = claimed_tokens.shop_id
            and mail_events.recipient_token = claimed_tokens.recipient_token
    where mail_events.event_type in ('unsubscribe', 'complaint', 'hard_bounce')

),

-- What was said of a customer holds for the customer's own address.
addressed as (

    select
        said.shop_id,
        coalesce(said.email_hash, accounts.email_hash) as email_hash,
        said.customer_id,
        said.channel,
        said.purpose,
        said.statement_kind,
        said.is_explicit,
        said.stated_at,
        said.ended_at
    from said
    left join accounts
        on
            said.shop_id = accounts.shop_id
            and said.customer_id = accounts.customer_id

),

-- An address on too many accounts joins nobody, yet what it said binds everybody who uses it.
users as (

    select
        addressed.*,
        addresses.customer_id as user_customer_id
    from addressed
    inner join addresses
        on
            addressed.shop_id = addresses.shop_id
            and addressed.email_hash = addresses.email_hash

    union

    select
        addressed.*,
        addressed.customer_id as user_customer_id
    from addressed
    where addressed.customer_id is not null

),

of_persons as (

    select distinct
        users.shop_id,
        merged.person_id,
        -- Without an address the account itself stands for the place that was agreed to.
        coalesce(users.email_hash, users.customer_id) as place_key,
        users.channel,
        users.purpose,
        users.statement_kind,
        users.is_explicit,
        users.stated_at,
        users.ended_at
    from users
    inner join merged
        on
            users.shop_id = merged.shop_id
            and users.user_customer_id = merged.customer_id
    where not merged.is_excluded

),

keyed as (

    select
        shop_id,
        {{ hash_key([
            'person_id', 'place_key', 'channel', 'purpose', 'statement_kind', 'is_explicit', 'stated_at',
            'ended_at'
        ]) }} as statement_key,
        person_id,
        place_key,
        channel,
        purpose,
        statement_kind,
        is_explicit,
        stated_at,
        ended_at
    from of_persons

)

select * from keyed
