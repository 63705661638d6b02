with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

events as (

    select * from {{ ref('int_events__identified') }}
    where
        event_name = 'Products Searched'
        and trim(search_text) <> ''

),

-- As long as a word keeps its meaning in rpt_search_words.
numbered as (

    select
        events.shop_id,
        events.person_id,
        lower(trim(events.search_text)) as search_word,
        row_number() over (
            partition by events.shop_id, events.person_id
            order by
                events.occurred_at desc,
                events.event_id desc
        ) as search_no,
        events.occurred_at as searched_at
    from events
    inner join as_of
        on
            events.shop_id = as_of.shop_id
            and events.occurred_at >= {{ add_days('as_of.as_of_at', -30) }}
    where events.person_id is not null

),

newest as (

    select
        shop_id,
        person_id,
        search_word,
        searched_at
    from numbered
    where search_no = 1

)

select * from newest
