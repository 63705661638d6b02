with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

landed as (

    select * from {{ source('landing', 'shop_screen_months') }}

),

known as (

    select landed.*
    from landed
    inner join as_of
        on landed.shop_id = as_of.shop_id
    where
        landed.loaded_at <= as_of.known_at
        and landed.seen_at <= as_of.as_of_at
        -- A file of the whole year has a nought for each month to come.
        and landed.screen_month_on <= as_of.as_of_on

),

ranked as (

    select
        *,
        row_number() over (
            partition by shop_id, screen_month_on, source
            order by
                seen_at desc,
                loaded_at desc,
                batch_id desc,
                row_no desc,
                row_hash desc
        ) as version_rank
    from known

),

newest_version as (

    select
        shop_id,
        screen_month_on,
        source as source_key,
        order_count,
        order_amount,
        seen_at,
        batch_id,
        loaded_at
    from ranked
    where version_rank = 1

)

select * from newest_version
