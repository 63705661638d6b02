with

done as (

    select * from {{ ref('int_campaign_steps__done') }}
    where person_id <> ''

)

select * from done
