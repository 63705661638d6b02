with

landed as (

    select * from {{ source('landing', 'motivation_weights') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by shop_id, weight_key
            order by
                source_updated_at desc nulls last,
                loaded_at desc,
                batch_id desc,
                row_no desc,
                row_hash desc
        ) as version_rank
    from landed

),

newest_version as (

    select
        shop_id,
        weight_key,
        points,
        daily_cap,
        source as source_key,
        batch_id,
        loaded_at
    from ranked
    where version_rank = 1

)

select * from newest_version
