with

sessions as (

    select * from {{ ref('fct_browse_abandonments') }}
    where is_identified

),

shops as (

    select * from {{ ref('dim_shops') }}

),

persons as (

    select * from {{ ref('dim_persons') }}
    where person_kind <> 'browser'

),

-- Cart before favourite before view; never what others buy.
contents as (

    select * from {{ ref('fct_person_content') }}
    where content_source <> 'ranking'

),

-- No sequence of mails reaches farther than the shop's look-back.
abandonments as (

    select
        sessions.shop_id,
        sessions.session_id,
        sessions.person_id,
        sessions.abandonment_kind,
        sessions.abandoned_at,
        shops.currency,
        shops.ships_within_hours,
        shops.warranty_months,
        shops.shipping_fee_amount,
        shops.free_shipping_from_amount
    from sessions
    inner join shops
        on sessions.shop_id = shops.shop_id
    where sessions.abandoned_at > {{ add_months('shops.as_of_at', '-shops.look_back_months') }}

),

qualified as (

    select
        abandonments.shop_id,
        abandonments.person_id,
        abandonments.session_id as occurrence_key,
        abandonments.abandoned_at as qualified_at,
        abandonments.abandoned_at as counted_from_at,
        'abandoned_' || abandonments.abandonment_kind as reason_code,
        coalesce(contents.content_source, 'none') as content_source,
        {{ mail_item_columns('contents') }},
        coalesce(contents.items_more, 0) as items_more,
        contents.stock_band,
        contents.guide_url,
        abandonments.currency,
        abandonments.ships_within_hours,
        abandonments.warranty_months,
        abandonments.shipping_fee_amount,
        abandonments.free_shipping_from_amount
    from abandonments
    inner join persons
        on
            abandonments.shop_id = persons.shop_id
            and abandonments.person_id = persons.person_id
    left join contents
        on
            abandonments.shop_id = contents.shop_id
            and abandonments.person_id = contents.person_id

),

{{ segment_members(
    'browse_recovery',
    facts=item_facts() + [
        'stock_band', 'guide_url', 'currency', 'ships_within_hours', 'warranty_months',
        'shipping_fee_amount', 'free_shipping_from_amount',
    ],
    count_from='counted_from_at'
) }}

select * from members
