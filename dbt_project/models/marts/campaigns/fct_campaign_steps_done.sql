with

done_by_version as (

    select * from {{ ref('int_campaign_steps__done') }}
    where person_id <> ''

),

done as (

    select
        shop_id,
        campaign_key,
        step_number,
        occurrence_key,
        person_id,
        min(done_at) as done_at
    from done_by_version
    group by
        shop_id,
        campaign_key,
        step_number,
        occurrence_key,
        person_id

)

select * from done
