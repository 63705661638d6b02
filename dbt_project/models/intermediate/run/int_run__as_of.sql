with

runs as (

    select * from {{ ref('stg_runs') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by shop_id
            order by
                loaded_at desc,
                run_id desc
        ) as run_rank
    from runs

),

newest_run as (

    select
        shop_id,
        run_id,
        settings_version,
        code_version,
        as_of_at,
        as_of_on,
        {{ month_of('as_of_on') }} as as_of_month,
        known_at
    from ranked
    where run_rank = 1

)

select * from newest_run
