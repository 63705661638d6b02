with

landed as (

    select * from {{ source('landing', 'publications') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by shop_id, publication_no
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
        publication_no,
        run_id,
        as_of_at,
        known_at,
        settings_version,
        code_version,
        source as source_key,
        batch_id,
        loaded_at
    from ranked
    where version_rank = 1

)

select * from newest_version
