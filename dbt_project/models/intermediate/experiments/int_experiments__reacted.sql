with

started as (

    select * from {{ ref('int_arms__started') }}

),

observed as (

    select * from {{ ref('int_experiments__observed') }}
    where experiment_kind = 'campaign'

),

messages as (

    select * from {{ ref('int_messages__handed_over') }}

),

statements as (

    select * from {{ ref('int_persons__statements') }}
    where
        statement_kind in ('unsubscribe', 'denial', 'complaint')
        and purpose <> 'profiling'

),

written_to as (

    select distinct
        shop_id,
        campaign_key,
        campaign_version,
        person_id
    from messages

),

-- In the window of the outcome and in every arm: who is held out unsubscribes from other mail.
reactions as (

    select
        started.shop_id,
        started.campaign_key,
        started.campaign_version,
        started.person_id,
        max(case when statements.statement_kind <> 'complaint' then 1 else 0 end) = 1
            as has_unsubscribed,
        max(case when statements.statement_kind = 'complaint' then 1 else 0 end) = 1
            as has_complained
    from started
    inner join observed
        on
            started.shop_id = observed.shop_id
            and started.campaign_key = observed.campaign_key
            and started.campaign_version = observed.campaign_version
            and started.person_id = observed.person_id
    inner join statements
        on
            started.shop_id = statements.shop_id
            and started.person_id = statements.person_id
            and started.channel = statements.channel
            and observed.eligible_at <= statements.stated_at
            and observed.window_ends_at > statements.stated_at
    group by
        started.shop_id,
        started.campaign_key,
        started.campaign_version,
        started.person_id

),

reacted as (

    select
        observed.shop_id,
        observed.campaign_key,
        observed.campaign_version,
        observed.person_id,
        observed.arm_key,
        observed.is_holdout,
        observed.is_mature,
        written_to.person_id is not null as was_written_to,
        coalesce(reactions.has_unsubscribed, false) as has_unsubscribed,
        coalesce(reactions.has_complained, false) as has_complained
    from observed
    left join written_to
        on
            observed.shop_id = written_to.shop_id
            and observed.campaign_key = written_to.campaign_key
            and observed.campaign_version = written_to.campaign_version
            and observed.person_id = written_to.person_id
    left join reactions
        on
            observed.shop_id = reactions.shop_id
            and observed.campaign_key = reactions.campaign_key
            and observed.campaign_version = reactions.campaign_version
            and observed.person_id = reactions.person_id

)

select * from reacted
