with

hesitating as (

    select * from {{ ref('fct_hesitating_persons') }}

),

persons as (

    select * from {{ ref('dim_persons') }}
    where person_kind <> 'browser'

),

-- What many others buy is no answer to what this person hesitates over.
contents as (

    select * from {{ ref('fct_person_content') }}
    where content_source <> 'ranking'

),

days as (

    select * from {{ ref('dim_days') }}

),

-- The day of the last sign: a new sign may ask again, the same one never does.
qualified as (

    select
        hesitating.shop_id,
        hesitating.person_id,
        cast(days.day_on as string) as occurrence_key,
        hesitating.last_sign_at as qualified_at,
        hesitating.last_sign_at as counted_from_at,
        hesitating.valid_until_at as hesitates_until_at,
        'hesitates_by_' || hesitating.hesitation_kind as reason_code,
        coalesce(contents.content_source, 'none') as content_source,
        {{ mail_item_columns('contents') }},
        coalesce(contents.items_more, 0) as items_more,
        contents.stock_band,
        contents.guide_url,
        contents.currency,
        hesitating.product_id as hesitated_product_id,
        hesitating.rolling_score as motivation_score
    from hesitating
    inner join persons
        on
            hesitating.shop_id = persons.shop_id
            and hesitating.person_id = persons.person_id
    inner join days
        on
            hesitating.shop_id = days.shop_id
            and hesitating.last_sign_at >= days.starts_at
            and hesitating.last_sign_at < days.ends_at
    left join contents
        on
            hesitating.shop_id = contents.shop_id
            and hesitating.person_id = contents.person_id

),

{{ segment_members(
    'high_motivation',
    facts=item_facts() + [
        'stock_band', 'guide_url', 'currency', 'hesitated_product_id', 'motivation_score',
    ],
    count_from='counted_from_at',
    ends='hesitates_until_at'
) }}

select * from members
