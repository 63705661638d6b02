{#
    Long for its eight kinds of entry, each with one explicit list of columns. Nothing is worked out
    here: what an order, a cart or a message is stands in its own mart.
#}

with

accounts as (

    select * from {{ ref('int_persons__accounts') }}
    where
        is_member
        and not is_excluded

),

account_keys as (

    select * from {{ ref('int_persons__keys') }}
    where key_type = 'customer'

),

orders as (

    select * from {{ ref('fct_orders') }}
    where person_id is not null

),

carts as (

    select * from {{ ref('fct_cart_episodes') }}
    where person_id is not null

),

messages as (

    select * from {{ ref('fct_messages') }}
    where person_id is not null

),

-- A click on the stop link is a stop; told as a consent too it would stand there twice.
consents as (

    select * from {{ ref('fct_consents') }}
    where
        person_id is not null
        and coalesce(basis, '') <> 'one_click_unsubscribe'

),

statements as (

    select * from {{ ref('int_persons__statements') }}

),

batches as (

    select * from {{ ref('stg_export_batches') }}

),

claims as (

    select * from {{ ref('stg_export_claims') }}
    where claim_state in ('held_out', 'suppressed')

),

gated as (

    select * from {{ ref('stg_export_gated') }}

),

-- Kept back by the plan, or taken out again before the file left; a batch given up kept back nobody.
kept_back as (

    select
        shop_id,
        person_key,
        email_hash,
        {{ hash_key(['program', 'occurrence_key', 'person_key']) }} as entry_key,
        reason_code,
        campaign_key,
        step_number,
        cast(null as string) as channel,
        cast(null as string) as destination,
        first_at,
        last_at
    from gated

    union all

    select
        claims.shop_id,
        claims.person_key,
        claims.email_hash,
        {{ hash_key(['claims.export_batch_id', 'claims.claim_no']) }} as entry_key,
        coalesce(claims.reason_code, claims.claim_state) as reason_code,
        batches.campaign_key,
        batches.step_number,
        batches.channel,
        batches.destination,
        claims.claimed_at as first_at,
        claims.claimed_at as last_at
    from claims
    inner join batches
        on
            claims.shop_id = batches.shop_id
            and claims.export_batch_id = batches.export_batch_id
            and batches.batch_state not in ('void', 'expired')

),

{{ ledger_persons('kept_back') }},

-- An address several persons use binds each of them, and is nobody's in `fct_consents`.
shared_consents as (

    select
        statements.shop_id,
        statements.person_id,
        statements.statement_key,
        statements.channel,
        statements.purpose,
        statements.statement_kind,
        statements.stated_at
    from statements
    left join consents
        on
            statements.shop_id = consents.shop_id
            and statements.person_id = consents.person_id
            and statements.channel = consents.channel
            and statements.purpose = consents.purpose
            and statements.stated_at = consents.occurred_at
    where
        statements.statement_kind in ('grant', 'denial')
        and consents.consent_id is null

),

-- The shop's list, the mailer's report and the link say the same stop.
stops as (

    select
        shop_id,
        person_id,
        channel,
        statement_kind,
        stated_at,
        min(statement_key) as statement_key,
        case when count(*) = count(ended_at) then max(ended_at) end as ended_at
    from statements
    where statement_kind not in ('grant', 'denial')
    group by
        shop_id,
        person_id,
        channel,
        statement_kind,
        stated_at

),

entries as (

    select
        accounts.shop_id,
        account_keys.person_id,
        'account' as entry_kind,
        accounts.customer_id as entry_key,
        'member' as entry_state,
        -- What the shop itself calls the member: ids are `system:native`.
        substring(accounts.customer_id, position(':' in accounts.customer_id) + 1) as reference,
        cast(null as string) as campaign_key,
        cast(null as bigint) as step_number,
        cast(null as string) as channel,
        cast(null as string) as destination,
        cast(null as string) as purpose,
        cast(null as string) as basis,
        cast(null as string) as told_via,
        cast(null as string) as currency,
        cast(null as decimal(18, 4)) as amount,
        accounts.first_seen_at as happened_at,
        cast(null as timestamp) as ended_at
    from accounts
    inner join account_keys
        on
            accounts.shop_id = account_keys.shop_id
            and accounts.customer_id = account_keys.key_value

    union all

    select
        shop_id,
        person_id,
        'order' as entry_kind,
        order_id as entry_key,
        order_state as entry_state,
        order_number as reference,
        cast(null as string) as campaign_key,
        cast(null as bigint) as step_number,
        cast(null as string) as channel,
        cast(null as string) as destination,
        cast(null as string) as purpose,
        cast(null as string) as basis,
        cast(null as string) as told_via,
        currency,
        revenue_amount as amount,
        ordered_at as happened_at,
        cancelled_at as ended_at
    from orders

    union all

    select
        shop_id,
        person_id,
        'cart' as entry_kind,
        episode_id as entry_key,
        coalesce(close_reason, 'open') as entry_state,
        cast(null as string) as reference,
        cast(null as string) as campaign_key,
        cast(null as bigint) as step_number,
        cast(null as string) as channel,
        cast(null as string) as destination,
        cast(null as string) as purpose,
        cast(null as string) as basis,
        cast(null as string) as told_via,
        currency,
        value_amount as amount,
        opened_at as happened_at,
        closed_at as ended_at
    from carts

    union all

    select
        shop_id,
        person_id,
        'cart_left' as entry_kind,
        episode_id as entry_key,
        stage as entry_state,
        cast(null as string) as reference,
        cast(null as string) as campaign_key,
        cast(null as bigint) as step_number,
        cast(null as string) as channel,
        cast(null as string) as destination,
        cast(null as string) as purpose,
        cast(null as string) as basis,
        cast(null as string) as told_via,
        currency,
        value_amount as amount,
        abandoned_at as happened_at,
        cast(null as timestamp) as ended_at
    from carts
    where is_abandoned

    union all

    select
        shop_id,
        person_id,
        'hand_off' as entry_kind,
        message_id as entry_key,
        case
            when is_complained then 'complained'
            when is_unsubscribed then 'unsubscribed'
            when is_clicked then 'clicked'
            when is_opened then 'opened'
            when is_bounced then 'bounced'
            when is_delivered then 'delivered'
            when is_sent then 'sent'
            else 'handed_over'
        end as entry_state,
        cast(null as string) as reference,
        campaign_key,
        step_number,
        channel,
        destination,
        cast(null as string) as purpose,
        bounce_reason as basis,
        cast(null as string) as told_via,
        cast(null as string) as currency,
        cast(null as decimal(18, 4)) as amount,
        handed_over_at as happened_at,
        delivered_at as ended_at
    from messages

    union all

    select
        shop_id,
        person_id,
        'withheld' as entry_kind,
        entry_key,
        reason_code as entry_state,
        cast(null as string) as reference,
        campaign_key,
        step_number,
        channel,
        destination,
        cast(null as string) as purpose,
        cast(null as string) as basis,
        cast(null as string) as told_via,
        cast(null as string) as currency,
        cast(null as decimal(18, 4)) as amount,
        first_at as happened_at,
        last_at as ended_at
    from identified
    where person_id is not null

    union all

    select
        shop_id,
        person_id,
        'consent' as entry_kind,
        consent_id as entry_key,
        consent_state as entry_state,
        cast(null as string) as reference,
        cast(null as string) as campaign_key,
        cast(null as bigint) as step_number,
        channel,
        cast(null as string) as destination,
        purpose,
        basis,
        coalesce(collected_via, evidence_ref) as told_via,
        cast(null as string) as currency,
        cast(null as decimal(18, 4)) as amount,
        occurred_at as happened_at,
        cast(null as timestamp) as ended_at
    from consents

    union all

    select
        shop_id,
        person_id,
        'consent' as entry_kind,
        statement_key as entry_key,
        case statement_kind when 'grant' then 'granted' else 'denied' end as entry_state,
        cast(null as string) as reference,
        cast(null as string) as campaign_key,
        cast(null as bigint) as step_number,
        channel,
        cast(null as string) as destination,
        purpose,
        'shared_address' as basis,
        cast(null as string) as told_via,
        cast(null as string) as currency,
        cast(null as decimal(18, 4)) as amount,
        stated_at as happened_at,
        cast(null as timestamp) as ended_at
    from shared_consents

    union all

    select
        shop_id,
        person_id,
        'stop' as entry_kind,
        statement_key as entry_key,
        statement_kind as entry_state,
        cast(null as string) as reference,
        cast(null as string) as campaign_key,
        cast(null as bigint) as step_number,
        channel,
        cast(null as string) as destination,
        cast(null as string) as purpose,
        cast(null as string) as basis,
        cast(null as string) as told_via,
        cast(null as string) as currency,
        cast(null as decimal(18, 4)) as amount,
        stated_at as happened_at,
        ended_at
    from stops

)

select * from entries
