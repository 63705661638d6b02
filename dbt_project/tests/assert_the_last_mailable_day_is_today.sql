-- A row is a shop whose mailable persons of today, counted from all changes, are not those who may be
-- written to now: the same gates would give two answers.
with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

today as (

    select
        days.shop_id,
        days.mailable_count
    from {{ ref('int_persons__mailable_days') }} as days
    inner join as_of
        on
            days.shop_id = as_of.shop_id
            and days.day_on = as_of.as_of_on

),

contactable as (

    select
        shop_id,
        count(distinct person_id) as person_count
    from {{ ref('int_persons__contactable') }}
    where
        channel = 'email'
        and purpose = 'marketing'
        and is_contactable
    group by shop_id

)

select
    today.shop_id,
    today.mailable_count,
    contactable.person_count
from today
left join contactable
    on today.shop_id = contactable.shop_id
where today.mailable_count <> coalesce(contactable.person_count, 0)
