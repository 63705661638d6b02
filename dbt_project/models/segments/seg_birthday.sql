{# Long for leap years and months without a day. #}

with

persons as (

    select * from {{ ref('dim_persons') }}
    where
        birth_month is not null
        and person_kind <> 'browser'

),

campaigns as (

    select * from {{ ref('dim_campaign_steps') }}
    where
        segment_key = 'birthday'
        and step_number = 1
        and is_active

),

shops as (

    select * from {{ ref('dim_shops') }}

),

days as (

    select * from {{ ref('dim_days') }}

),

-- No sequence of mails reaches farther than the shop's look-back.
campaign_days as (

    select
        campaigns.shop_id,
        campaigns.campaign_key,
        campaigns.campaign_version,
        days.day_on as counted_from_on,
        days.starts_at,
        {{ add_days_on('days.day_on', 'campaigns.lead_days') }} as celebrated_on
    from campaigns
    inner join shops
        on campaigns.shop_id = shops.shop_id
    inner join days
        on
            campaigns.shop_id = days.shop_id
            and days.day_on > {{ add_months_on('shops.as_of_on', '-shops.look_back_months') }}

),

dated as (

    select
        *,
        cast(extract(year from celebrated_on) as bigint) as celebrated_year,
        cast(extract(month from celebrated_on) as bigint) as birth_month,
        cast(extract(day from celebrated_on) as bigint) as birth_day,
        cast(extract(day from {{ add_days_on('celebrated_on', 1) }}) as bigint) as day_after
    from campaign_days

),

-- Without a 29 February the 28th is the day of those born on it.
birthdays as (

    select
        shop_id,
        campaign_key,
        campaign_version,
        counted_from_on,
        starts_at,
        celebrated_on,
        celebrated_year,
        birth_month,
        birth_day
    from dated

    union all

    select
        shop_id,
        campaign_key,
        campaign_version,
        counted_from_on,
        starts_at,
        celebrated_on,
        celebrated_year,
        birth_month,
        cast(29 as bigint) as birth_day
    from dated
    where
        birth_month = 2
        and birth_day = 28
        and day_after = 1

),

-- Whoever gave the month alone is congratulated on its first day.
qualified as (

    select
        persons.shop_id,
        persons.person_id,
        birthdays.campaign_key,
        birthdays.campaign_version,
        cast(birthdays.celebrated_year as string) as occurrence_key,
        birthdays.starts_at as qualified_at,
        birthdays.counted_from_on,
        case when persons.birth_day is null then 'birth_month' else 'birthday' end as reason_code,
        'none' as content_source,
        persons.customer_rank,
        birthdays.celebrated_on as birthday_on
    from persons
    inner join birthdays
        on
            persons.shop_id = birthdays.shop_id
            and persons.birth_month = birthdays.birth_month
            and coalesce(persons.birth_day, 1) = birthdays.birth_day

),

{{ segment_members(
    'birthday',
    facts=['customer_rank', 'birthday_on'],
    by=['campaign_key', 'campaign_version']
) }}

select * from members
