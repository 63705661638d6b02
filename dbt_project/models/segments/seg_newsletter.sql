with

persons as (

    select * from {{ ref('dim_persons') }}
    where person_kind <> 'browser'

),

shops as (

    select * from {{ ref('dim_shops') }}

),

days as (

    select * from {{ ref('dim_days') }}
    where is_today

),

newsletters as (

    select distinct shop_id
    from {{ ref('dim_campaign_steps') }}
    where segment_key = 'newsletter'

),

-- Everybody who could be meant: whom an issue goes to is a saved condition's word.
qualified as (

    select
        persons.shop_id,
        persons.person_id,
        cast(days.day_on as string) as occurrence_key,
        days.starts_at as qualified_at,
        days.day_on as counted_from_on,
        'asked_for' as reason_code,
        'none' as content_source,
        persons.customer_rank,
        persons.registered_on
    from persons
    inner join days
        on persons.shop_id = days.shop_id

),

{{ segment_members('newsletter', facts=['customer_rank', 'registered_on']) }},

-- A shop that has laid down no newsletter campaign may still write one by hand.
without_campaign as (

    select
        qualified.*,
        'newsletter' as campaign_key,
        cast(1 as bigint) as campaign_version,
        cast(1 as bigint) as step_number,
        'send' as arm_key,
        'email' as channel,
        qualified.qualified_at as due_at,
        {{ add_days('qualified.qualified_at', 'shops.catch_up_days') }} as valid_until_at,
        false as is_held_out
    from qualified
    inner join shops
        on qualified.shop_id = shops.shop_id
    left join newsletters
        on qualified.shop_id = newsletters.shop_id
    where newsletters.shop_id is null

),

asked as (

    select * from members

    union all

    select {{ segment_columns('without_campaign', ['customer_rank', 'registered_on']) }}
    from without_campaign

)

select * from asked
