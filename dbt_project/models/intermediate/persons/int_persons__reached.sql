with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

contactable as (

    select * from {{ ref('int_persons__contactable') }}
    where
        channel = 'email'
        and purpose = 'marketing'

),

messages as (

    select * from {{ ref('int_messages__reported') }}
    where
        is_sent
        and person_id is not null

),

written_to as (

    select
        messages.shop_id,
        messages.person_id,
        count(case when messages.sent_at >= {{ add_days('as_of.as_of_at', -30) }} then 1 end)
            as message_count_30d,
        max(messages.sent_at) as last_sent_at,
        max(messages.sent_on) as last_sent_on
    from messages
    inner join as_of
        on messages.shop_id = as_of.shop_id
    group by
        messages.shop_id,
        messages.person_id

),

reached as (

    select
        coalesce(contactable.shop_id, written_to.shop_id) as shop_id,
        coalesce(contactable.person_id, written_to.person_id) as person_id,
        coalesce(contactable.is_contactable, false) as is_mailable,
        coalesce(contactable.has_profiling_opt_out, false) as has_profiling_opt_out,
        case
            when contactable.person_id is null then 'no_address'
            else contactable.block_reason
        end as mail_block_reason,
        -- Nothing sent is no message.
        coalesce(written_to.message_count_30d, 0) as message_count_30d,
        written_to.last_sent_at,
        written_to.last_sent_on
    from contactable
    full join written_to
        on
            contactable.shop_id = written_to.shop_id
            and contactable.person_id = written_to.person_id

)

select * from reached
