with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

settings as (

    select * from {{ ref('int_run__settings') }}

),

described as (

    select * from {{ ref('int_persons__described') }}

),

seen as (

    select * from {{ ref('int_persons__seen') }}

),

bought as (

    select * from {{ ref('int_persons__bought') }}

),

inquired as (

    select * from {{ ref('int_persons__inquired') }}

),

ranked as (

    select * from {{ ref('int_persons__ranked') }}

),

joined as (

    select
        described.shop_id,
        described.person_id,
        bought.top_category_id,
        described.person_kind,
        described.member_state,
        described.prefecture,
        cast(described.birth_year as bigint) as birth_year,
        cast(described.birth_month as bigint) as birth_month,
        cast(described.birth_day as bigint) as birth_day,
        described.sex,
        described.customer_rank,
        seen.last_seen_basis,
        ranked.purchase_status,
        ranked.rfm_group,
        settings.currency,
        described.is_member,
        coalesce(bought.order_count >= 2, false) as is_repeat,
        -- Known before the shop's history begins: their first order here may not be their first.
        coalesce(seen.first_seen_on < settings.history_from_on, false) as is_before_history,
        described.account_count,
        described.member_count,
        described.browser_count,
        -- Nothing found is none: an order, an inquiry or revenue the shop has no record of.
        coalesce(bought.order_count, 0) as order_count,
        case when bought.person_id is null then 0 else bought.revenue_amount end as revenue_amount,
        bought.average_order_amount,
        coalesce(bought.order_without_amount_count, 0) as order_without_amount_count,
        coalesce(inquired.inquiry_count, 0) as inquiry_count,
        coalesce(inquired.open_inquiry_count, 0) as open_inquiry_count,
        {{ days_between('bought.last_ordered_on', 'as_of.as_of_on') }} as days_since_last_order,
        ranked.recency_score,
        ranked.frequency_score,
        ranked.monetary_score,
        described.registered_at,
        described.registered_on,
        seen.first_seen_at,
        seen.first_seen_on,
        bought.first_ordered_at,
        bought.first_ordered_on,
        bought.last_ordered_at,
        bought.last_ordered_on,
        seen.last_login_at,
        seen.last_visit_at,
        seen.last_seen_at,
        seen.last_seen_on
    from described
    inner join as_of
        on described.shop_id = as_of.shop_id
    inner join settings
        on described.shop_id = settings.shop_id
    left join seen
        on
            described.shop_id = seen.shop_id
            and described.person_id = seen.person_id
    left join bought
        on
            described.shop_id = bought.shop_id
            and described.person_id = bought.person_id
    left join inquired
        on
            described.shop_id = inquired.shop_id
            and described.person_id = inquired.person_id
    left join ranked
        on
            described.shop_id = ranked.shop_id
            and described.person_id = ranked.person_id

)

select * from joined
