with

accounts as (

    select * from {{ ref('int_persons__accounts') }}

),

identifiers as (

    select * from {{ ref('stg_customer_identifiers') }}

),

settings as (

    select * from {{ ref('int_run__settings') }}

),

pairs as (

    select
        shop_id,
        customer_id,
        email_hash,
        is_member
    from accounts
    where email_hash is not null

    union

    select
        accounts.shop_id,
        accounts.customer_id,
        identifiers.id_value as email_hash,
        accounts.is_member
    from identifiers
    inner join accounts
        on
            identifiers.shop_id = accounts.shop_id
            and identifiers.customer_id = accounts.customer_id
    where identifiers.id_type = 'email_hash'

),

counted as (

    select
        shop_id,
        email_hash,
        count(case when is_member then 1 end) as account_count
    from pairs
    group by
        shop_id,
        email_hash

),

judged as (

    select
        pairs.shop_id,
        pairs.customer_id,
        pairs.email_hash,
        counted.account_count,
        counted.account_count <= settings.max_accounts_per_email as is_joining
    from pairs
    inner join counted
        on
            pairs.shop_id = counted.shop_id
            and pairs.email_hash = counted.email_hash
    inner join settings
        on pairs.shop_id = settings.shop_id

)

select * from judged
