-- Fails if an account that was landed, in a member file or on an order, is nobody, or if the persons'
-- accounts are not as many as those: somebody would be missing or counted twice.
with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

merged as (

    select * from {{ ref('int_persons__merged') }}

),

persons as (

    select * from {{ ref('dim_persons') }}

),

landed as (

    select
        customers.shop_id,
        customers.customer_id
    from {{ ref('stg_customers') }} as customers
    inner join as_of
        on customers.shop_id = as_of.shop_id
    -- Who registers after the run is nobody yet.
    where customers.registered_at is null or customers.registered_at < as_of.as_of_at

    union

    select
        shop_id,
        coalesce(customer_id, 'guest:' || email_hash) as customer_id
    from {{ ref('stg_orders') }}
    where coalesce(customer_id, 'guest:' || email_hash) is not null

),

nobody as (

    select
        landed.shop_id,
        landed.customer_id,
        merged.person_id,
        cast(null as bigint) as account_count,
        cast(null as bigint) as person_account_count
    from landed
    left join merged
        on
            landed.shop_id = merged.shop_id
            and landed.customer_id = merged.customer_id
    left join persons
        on
            merged.shop_id = persons.shop_id
            and merged.person_id = persons.person_id
    where
        persons.person_id is null
        and not coalesce(merged.is_excluded, false)

),

accounts as (

    select
        shop_id,
        count(*) as account_count
    from merged
    where not is_excluded
    group by shop_id

),

accounts_of_persons as (

    select
        shop_id,
        sum(account_count) as person_account_count
    from persons
    group by shop_id

),

counted as (

    select
        accounts.shop_id,
        cast(null as string) as customer_id,
        cast(null as string) as person_id,
        accounts.account_count,
        accounts_of_persons.person_account_count
    from accounts
    left join accounts_of_persons
        on accounts.shop_id = accounts_of_persons.shop_id
    where not coalesce(accounts.account_count = accounts_of_persons.person_account_count, false)

),

stacked as (

    select * from nobody
    union all
    select * from counted

)

select * from stacked
