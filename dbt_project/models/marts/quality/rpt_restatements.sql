with

settings as (

    select * from {{ ref('int_run__settings') }}

),

publications as (

    select * from {{ ref('int_publications__numbered') }}

),

published_cells as (

    select * from {{ ref('fct_published_cells') }}

),

source_batches as (

    select * from {{ ref('stg_source_batches') }}

),

versions as (

    select
        *,
        lag(publication_no) over (
            partition by shop_id, report_key, key_columns, cell_key, column_name
            order by publication_no
        ) as old_publication_no,
        lag(cell_value) over (
            partition by shop_id, report_key, key_columns, cell_key, column_name
            order by publication_no
        ) as old_value
    from published_cells

),

restated as (

    select * from versions
    where old_publication_no is not null

),

restating_publications as (

    select distinct
        publications.shop_id,
        publications.publication_no,
        publications.previous_known_at,
        publications.known_at
    from publications
    inner join restated
        on
            publications.shop_id = restated.shop_id
            and publications.publication_no = restated.publication_no

),

-- What came in since the build before: all of it, for which row moved which figure nobody records.
files_between as (

    select
        restating_publications.shop_id,
        restating_publications.publication_no,
        source_batches.source_key || '/' || coalesce(source_batches.file_name, '')
        || ': ' || source_batches.entity || ' '
        || cast(sum(source_batches.rows_landed) as string) as file_key,
        count(*) as batch_count,
        sum(source_batches.rows_landed) as landed_row_count
    from restating_publications
    inner join source_batches
        on
            restating_publications.shop_id = source_batches.shop_id
            and restating_publications.previous_known_at < source_batches.loaded_at
            and restating_publications.known_at >= source_batches.loaded_at
    where
        source_batches.rows_landed > 0
        and source_batches.source_key <> 'settings'
    group by
        restating_publications.shop_id,
        restating_publications.publication_no,
        source_batches.source_key,
        source_batches.file_name,
        source_batches.entity

),

numbered_files as (

    select
        *,
        row_number() over (
            partition by shop_id, publication_no
            order by
                landed_row_count asc,
                file_key asc
        ) as file_position
    from files_between

),

reasons as (

    select
        shop_id,
        publication_no,
        {{ joined_text("case when file_position <= 20 then file_key end") }} as files,
        cast(sum(batch_count) as bigint) as batch_count,
        cast(sum(landed_row_count) as bigint) as landed_row_count
    from numbered_files
    group by
        shop_id,
        publication_no

),

explained as (

    select
        restated.shop_id,
        restated.publication_no,
        restated.report_key,
        restated.key_columns,
        restated.cell_key,
        restated.column_name,
        settings.currency,
        case
            when
                publications.settings_version <> publications.previous_settings_version
                and publications.code_version <> publications.previous_code_version
                then 'settings_and_code'
            when publications.settings_version <> publications.previous_settings_version
                then 'settings'
            when publications.code_version <> publications.previous_code_version then 'code'
            when reasons.shop_id is not null then 'batches'
            else 'time'
        end as reason_key,
        reasons.files,
        restated.old_value,
        restated.cell_value as new_value,
        restated.cell_value - restated.old_value as change_value,
        coalesce(reasons.batch_count, 0) as batch_count,
        coalesce(reasons.landed_row_count, 0) as landed_row_count,
        restated.cell_month,
        old_publications.as_of_at as old_published_at,
        publications.as_of_at as published_at
    from restated
    inner join settings
        on restated.shop_id = settings.shop_id
    inner join publications
        on
            restated.shop_id = publications.shop_id
            and restated.publication_no = publications.publication_no
    inner join publications as old_publications
        on
            restated.shop_id = old_publications.shop_id
            and restated.old_publication_no = old_publications.publication_no
    left join reasons
        on
            restated.shop_id = reasons.shop_id
            and restated.publication_no = reasons.publication_no

)

select * from explained
