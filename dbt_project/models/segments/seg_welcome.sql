with

-- Who has no date of registration has not registered just now.
persons as (

    select * from {{ ref('dim_persons') }}
    where
        is_member
        and order_count = 0
        and registered_at is not null

),

shops as (

    select * from {{ ref('dim_shops') }}

),

qualified as (

    select
        persons.shop_id,
        persons.person_id,
        cast(persons.registered_on as string) as occurrence_key,
        persons.registered_at as qualified_at,
        persons.registered_at as counted_from_at,
        'registered_without_order' as reason_code,
        'none' as content_source,
        shops.currency,
        shops.ships_within_hours,
        shops.warranty_months,
        shops.shipping_fee_amount,
        shops.free_shipping_from_amount,
        persons.registered_on
    from persons
    inner join shops
        on persons.shop_id = shops.shop_id

),

{{ segment_members(
    'welcome',
    facts=[
        'currency', 'ships_within_hours', 'warranty_months', 'shipping_fee_amount',
        'free_shipping_from_amount', 'registered_on',
    ],
    count_from='counted_from_at'
) }}

select * from members
