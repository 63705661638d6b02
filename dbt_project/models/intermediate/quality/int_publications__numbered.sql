with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

publications as (

    select * from {{ ref('stg_publications') }}

),

newest_landed as (

    select
        shop_id,
        max(publication_no) as publication_no,
        max(as_of_at) as as_of_at,
        max(known_at) as known_at
    from publications
    group by shop_id

),

-- A look back into the past publishes a file, and no new word on what was said before.
running_build as (

    select
        as_of.shop_id,
        coalesce(newest_landed.publication_no, 0) + 1 as publication_no,
        as_of.run_id,
        as_of.settings_version,
        as_of.code_version,
        true as is_running_build,
        as_of.as_of_at,
        as_of.known_at
    from as_of
    left join newest_landed
        on as_of.shop_id = newest_landed.shop_id
    where
        newest_landed.shop_id is null
        or (
            newest_landed.as_of_at <= as_of.as_of_at
            and newest_landed.known_at <= as_of.known_at
        )

),

stacked as (

    select * from running_build

    union all

    select
        publications.shop_id,
        publications.publication_no,
        publications.run_id,
        publications.settings_version,
        publications.code_version,
        false as is_running_build,
        publications.as_of_at,
        publications.known_at
    from publications
    inner join as_of
        on publications.shop_id = as_of.shop_id
    where
        publications.as_of_at <= as_of.as_of_at
        and publications.known_at <= as_of.known_at

),

linked as (

    select
        shop_id,
        publication_no,
        run_id,
        settings_version,
        code_version,
        lag(settings_version) over (
            partition by shop_id
            order by publication_no
        ) as previous_settings_version,
        lag(code_version) over (
            partition by shop_id
            order by publication_no
        ) as previous_code_version,
        is_running_build,
        as_of_at,
        known_at,
        lag(known_at) over (
            partition by shop_id
            order by publication_no
        ) as previous_known_at
    from stacked

)

select * from linked
