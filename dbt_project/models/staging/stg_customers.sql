with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

landed as (

    select * from {{ source('landing', 'customers') }}

),

known as (

    select landed.*
    from landed
    inner join as_of
        on landed.shop_id = as_of.shop_id
    where landed.loaded_at <= as_of.known_at

),

ranked as (

    select
        *,
        row_number() over (
            partition by shop_id, customer_id
            order by
                is_derived asc,
                source_updated_at desc nulls last,
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
        customer_id,
        person_key,
        is_member,
        is_derived,
        member_state,
        registered_at,
        registered_on,
        email,
        email_key,
        email_hash,
        nullif(regexp_extract(email_key, '@([^@]+)$', 1), '') as email_domain,
        phone_raw,
        last_name,
        first_name,
        last_name_kana,
        first_name_kana,
        company,
        name_full,
        postal_code,
        country_code,
        prefecture,
        city,
        address_line,
        birth_year,
        birth_month,
        birth_day,
        sex,
        last_login_at,
        last_login_on,
        source_order_count,
        source_spent_amount,
        points_balance,
        points_expire_on,
        customer_rank,
        locale,
        deleted_at,
        source as source_key,
        batch_id,
        loaded_at
    from ranked
    where version_rank = 1

)

select * from newest_version
