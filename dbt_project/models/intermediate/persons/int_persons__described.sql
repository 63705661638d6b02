{# Long for its columns. #}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

accounts as (

    select * from {{ ref('int_persons__accounts') }}

),

merged as (

    select * from {{ ref('int_persons__merged') }}

),

browsers as (

    select * from {{ ref('int_persons__browsers') }}

),

customers as (

    select * from {{ ref('stg_customers') }}

),

of_persons as (

    select
        accounts.shop_id,
        merged.person_id,
        accounts.customer_id,
        -- Looked back at, an account of later is none yet.
        accounts.is_member and coalesce(customers.registered_at < as_of.as_of_at, true) as is_member,
        customers.member_state,
        customers.prefecture,
        customers.birth_year,
        customers.birth_month,
        customers.birth_day,
        customers.sex,
        customers.customer_rank,
        customers.locale,
        customers.points_balance,
        customers.points_expire_on,
        customers.registered_at,
        customers.registered_on
    from accounts
    inner join as_of
        on accounts.shop_id = as_of.shop_id
    inner join merged
        on
            accounts.shop_id = merged.shop_id
            and accounts.customer_id = merged.customer_id
    left join customers
        on
            accounts.shop_id = customers.shop_id
            and accounts.customer_id = customers.customer_id
    where not merged.is_excluded

),

-- One account speaks for the person, so that a birthday is never made of two: members first, then
-- whoever gives a birth month, then the smallest id.
ranked as (

    select
        *,
        row_number() over (
            partition by shop_id, person_id
            order by
                is_member desc,
                case when birth_month is null then 1 else 0 end asc,
                customer_id asc
        ) as account_rank
    from of_persons

),

summed_up as (

    select
        shop_id,
        person_id,
        max(case when account_rank = 1 then member_state end) as member_state,
        max(case when account_rank = 1 then birth_year end) as birth_year,
        max(case when account_rank = 1 then birth_month end) as birth_month,
        max(case when account_rank = 1 then birth_day end) as birth_day,
        max(case when account_rank = 1 then sex end) as sex,
        max(case when account_rank = 1 then customer_rank end) as customer_rank,
        max(case when account_rank = 1 then locale end) as locale,
        max(case when account_rank = 1 then points_balance end) as points_balance,
        max(case when account_rank = 1 then points_expire_on end) as points_expire_on,
        coalesce(max(case when account_rank = 1 then prefecture end), max(prefecture)) as prefecture,
        max(case when is_member then 1 else 0 end) = 1 as is_member,
        count(*) as account_count,
        count(case when is_member then 1 end) as member_count,
        min(case when is_member then registered_at end) as registered_at,
        min(case when is_member then registered_on end) as registered_on
    from ranked
    group by
        shop_id,
        person_id

),

browser_counts as (

    select
        shop_id,
        person_id,
        count(*) as browser_count
    from browsers
    where not is_excluded
    group by
        shop_id,
        person_id

),

joined as (

    select
        coalesce(summed_up.shop_id, browser_counts.shop_id) as shop_id,
        coalesce(summed_up.person_id, browser_counts.person_id) as person_id,
        case
            when summed_up.is_member then 'member'
            when summed_up.person_id is not null then 'guest'
            else 'browser'
        end as person_kind,
        summed_up.member_state,
        summed_up.prefecture,
        summed_up.birth_year,
        summed_up.birth_month,
        summed_up.birth_day,
        summed_up.sex,
        summed_up.customer_rank,
        summed_up.locale,
        -- A browser has no account, which is a count and not a gap.
        coalesce(summed_up.is_member, false) as is_member,
        coalesce(summed_up.account_count, 0) as account_count,
        coalesce(summed_up.member_count, 0) as member_count,
        coalesce(browser_counts.browser_count, 0) as browser_count,
        summed_up.points_balance,
        summed_up.registered_at,
        summed_up.registered_on,
        summed_up.points_expire_on
    from summed_up
    full join browser_counts
        on
            summed_up.shop_id = browser_counts.shop_id
            and summed_up.person_id = browser_counts.person_id

)

select * from joined
