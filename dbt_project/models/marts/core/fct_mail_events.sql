with

mail_events as (

    select * from {{ ref('int_mail_events__classed') }}

),

chosen as (

    select
        shop_id,
        provider,
        event_key,
        message_id,
        match_basis,
        event_type,
        event_class,
        machine_basis,
        bounce_code,
        occurred_at,
        occurred_on
    from mail_events

)

select * from chosen
