with

-- Never seen is not dormant: whoever has no date of being seen is nobody to win back.
persons as (

    select * from {{ ref('dim_persons') }}
    where
        last_seen_on is not null
        and person_kind <> 'browser'

),

shops as (

    select * from {{ ref('dim_shops') }}

),

-- Three months after 30 November is 28 February: the month is clipped, nobody falls through.
qualified as (

    select
        persons.shop_id,
        persons.person_id,
        cast(persons.last_seen_on as string) as occurrence_key,
        persons.last_seen_at as qualified_at,
        {{ add_months_on('persons.last_seen_on', 'shops.winback_months') }} as counted_from_on,
        'last_seen_by_' || persons.last_seen_basis as reason_code,
        'none' as content_source,
        persons.top_category_id as last_category_id,
        persons.order_count,
        persons.last_seen_on,
        persons.last_ordered_on
    from persons
    inner join shops
        on persons.shop_id = shops.shop_id

),

{{ segment_members(
    'winback',
    facts=['last_category_id', 'order_count', 'last_seen_on', 'last_ordered_on']
) }}

select * from members
