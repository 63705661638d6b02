with

runs as (

    select * from {{ ref('stg_runs') }}

),

shops as (

    select * from {{ ref('stg_shops') }}

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

),

matched_to_settings as (

    select
        newest_run.*,
        shops.batch_id as settings_batch_id
    from newest_run
    inner join shops
        on newest_run.shop_id = shops.shop_id

)

select * from matched_to_settings
