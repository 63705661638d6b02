{# Long for four kinds of ledger entry, which must become one kind of row. #}

with

campaigns as (

    select * from {{ ref('stg_campaigns') }}
    where segment_key = 'cart_recovery'

),

messages as (

    select * from {{ ref('int_messages__reported') }}

),

claims as (

    select * from {{ ref('stg_export_claims') }}
    where claim_state = 'held_out'

),

batches as (

    select * from {{ ref('stg_export_batches') }}
    where batch_state not in ('void', 'expired')

),

gated as (

    select * from {{ ref('stg_export_gated') }}

),

arm_records as (

    select * from {{ ref('stg_arm_records') }}

),

entries as (

    select
        shop_id,
        campaign_key,
        campaign_version,
        step_number,
        occurrence_key,
        arm_key,
        'handed_over' as entry_kind,
        cast(null as string) as reason_code,
        cast(null as string) as person_key,
        cast(null as timestamp) as recorded_at,
        handed_over_at as entered_at
    from messages

    union all

    select
        claims.shop_id,
        batches.campaign_key,
        batches.campaign_version,
        batches.step_number,
        claims.occurrence_key,
        claims.arm_key,
        'held_out' as entry_kind,
        cast(null as string) as reason_code,
        cast(null as string) as person_key,
        cast(null as timestamp) as recorded_at,
        claims.claimed_at as entered_at
    from claims
    inner join batches
        on
            claims.shop_id = batches.shop_id
            and claims.export_batch_id = batches.export_batch_id

    union all

    select
        shop_id,
        campaign_key,
        campaign_version,
        step_number,
        occurrence_key,
        cast(null as string) as arm_key,
        'gated' as entry_kind,
        reason_code,
        person_key,
        cast(null as timestamp) as recorded_at,
        last_at as entered_at
    from gated

    union all

    select
        shop_id,
        campaign_key,
        campaign_version,
        cast(null as bigint) as step_number,
        occurrence_key,
        arm_key,
        'drawn' as entry_kind,
        cast(null as string) as reason_code,
        person_key,
        recorded_at,
        eligible_at as entered_at
    from arm_records

),

of_cart_campaigns as (

    select entries.*
    from entries
    inner join campaigns
        on
            entries.shop_id = campaigns.shop_id
            and entries.campaign_key = campaigns.campaign_key
            and entries.campaign_version = campaigns.campaign_version

),

-- An episode belongs to the campaign whose ledger names it first.
ranked as (

    select
        *,
        row_number() over (
            partition by shop_id, occurrence_key
            order by
                entered_at,
                campaign_key,
                campaign_version,
                entry_kind,
                step_number
        ) as entry_rank,
        -- Of several reasons to leave a step out the last one stands.
        row_number() over (
            partition by shop_id, occurrence_key, campaign_key, entry_kind, step_number
            order by
                entered_at desc,
                campaign_version desc,
                person_key asc
        ) as newest_rank,
        -- Of several records of one episode (persons merged since) the first stands.
        row_number() over (
            partition by shop_id, occurrence_key, campaign_key, entry_kind
            order by
                recorded_at,
                person_key,
                campaign_version
        ) as record_rank
    from of_cart_campaigns

),

owners as (

    select
        shop_id,
        occurrence_key,
        campaign_key
    from ranked
    where entry_rank = 1

),

summed_up as (

    select
        ranked.shop_id,
        ranked.occurrence_key as episode_id,
        ranked.campaign_key,
        min(ranked.campaign_version) as campaign_version,
        coalesce(
            max(
                case
                    when ranked.entry_kind = 'drawn' and ranked.record_rank = 1 then ranked.arm_key
                end
            ),
            min(ranked.arm_key)
        ) as arm_key,
        min(case when ranked.entry_kind = 'drawn' then ranked.entered_at end) as eligible_at,
        min(case when ranked.entry_kind = 'handed_over' then ranked.entered_at end)
            as handed_over_at,
        max(case when ranked.entry_kind = 'handed_over' then ranked.step_number end)
            as last_step_number,
        min(case when ranked.entry_kind = 'held_out' then ranked.entered_at end) as held_out_at,
        max(
            case
                when
                    ranked.entry_kind = 'gated'
                    and ranked.step_number = 1
                    and ranked.newest_rank = 1
                    then ranked.reason_code
            end
        ) as gate_reason
    from ranked
    inner join owners
        on
            ranked.shop_id = owners.shop_id
            and ranked.occurrence_key = owners.occurrence_key
            and ranked.campaign_key = owners.campaign_key
    group by
        ranked.shop_id,
        ranked.occurrence_key,
        ranked.campaign_key

)

select * from summed_up
