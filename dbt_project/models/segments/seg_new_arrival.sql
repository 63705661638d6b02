with

matches as (

    select * from {{ ref('fct_new_arrival_matches') }}

),

persons as (

    select * from {{ ref('dim_persons') }}
    where person_kind <> 'browser'

),

days as (

    select * from {{ ref('dim_days') }}

),

-- Only what can be shown is named, what suits them best first.
offered as (

    select
        matches.*,
        row_number() over (
            partition by matches.shop_id, matches.person_id, matches.new_from_on
            order by
                matches.match_rank,
                matches.product_id
        ) as offer_no
    from matches
    where
        matches.image_url is not null
        and matches.url is not null

),

content as (

    select
        shop_id,
        person_id,
        new_from_on,
        {{ mail_items() }}
    from offered
    group by
        shop_id,
        person_id,
        new_from_on

),

launches as (

    select
        shop_id,
        person_id,
        new_from_on,
        currency,
        row_number() over (
            partition by shop_id, person_id, new_from_on
            order by
                match_rank,
                product_id
        ) as launch_no,
        matched_dimension,
        matched_value,
        tendency_share
    from matches

),

-- What is launched on one day is one mail.
qualified as (

    select
        launches.shop_id,
        launches.person_id,
        cast(launches.new_from_on as string) as occurrence_key,
        days.starts_at as qualified_at,
        launches.new_from_on as counted_from_on,
        'matches_' || launches.matched_dimension as reason_code,
        case when content.person_id is null then 'none' else 'new_arrival' end as content_source,
        {{ mail_item_columns('content') }},
        coalesce(content.items_more, 0) as items_more,
        launches.currency,
        launches.matched_value,
        launches.tendency_share,
        launches.new_from_on as launched_on
    from launches
    inner join persons
        on
            launches.shop_id = persons.shop_id
            and launches.person_id = persons.person_id
    inner join days
        on
            launches.shop_id = days.shop_id
            and launches.new_from_on = days.day_on
    left join content
        on
            launches.shop_id = content.shop_id
            and launches.person_id = content.person_id
            and launches.new_from_on = content.new_from_on
    where launches.launch_no = 1

),

{{ segment_members(
    'new_arrival',
    facts=item_facts() + ['currency', 'matched_value', 'tendency_share', 'launched_on']
) }}

select * from members
