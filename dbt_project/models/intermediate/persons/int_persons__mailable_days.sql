with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

shop_days as (

    select shop_days.*
    from {{ ref('stg_shop_days') }} as shop_days
    inner join as_of
        on
            shop_days.shop_id = as_of.shop_id
            and shop_days.day_on <= as_of.as_of_on

),

changes as (

    select * from {{ ref('int_persons__mailable_changes') }}

),

first_days as (

    select
        shop_id,
        min(starts_at) as first_starts_at
    from shop_days
    group by shop_id

),

-- What was said before the first day the shop knows stands at its beginning.
dated as (

    select
        changes.shop_id,
        changes.is_mailable,
        greatest(changes.changed_at, first_days.first_starts_at) as changed_at
    from changes
    inner join first_days
        on changes.shop_id = first_days.shop_id

),

stepped_days as (

    select
        shop_days.shop_id,
        shop_days.day_on,
        count(case when dated.is_mailable then 1 end) as gained_count,
        count(case when not dated.is_mailable then 1 end) as lost_count
    from shop_days
    left join dated
        on
            shop_days.shop_id = dated.shop_id
            and shop_days.starts_at <= dated.changed_at
            and shop_days.ends_at > dated.changed_at
    group by
        shop_days.shop_id,
        shop_days.day_on

),

counted as (

    select
        shop_id,
        day_on,
        cast(
            sum(gained_count - lost_count) over (
                partition by shop_id
                order by day_on
                rows between unbounded preceding and current row
            ) as bigint
        ) as mailable_count,
        gained_count,
        lost_count
    from stepped_days

)

select * from counted
