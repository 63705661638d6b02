with

landed as (

    select * from {{ source('landing', 'published_cells') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by
                shop_id, publication_no, report_key, key_columns, cell_key, column_name
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
        report_key,
        key_columns,
        cell_key,
        column_name,
        cell_month,
        cell_value,
        source as source_key,
        batch_id,
        loaded_at
    from ranked
    where version_rank = 1

)

select * from newest_version
