{# Long for its columns: all that is known of a person, and the tables that know it. #}

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

intended as (

    select * from {{ ref('int_persons__intended') }}

),

reached as (

    select * from {{ ref('int_persons__reached') }}

),

trained as (

    select * from {{ ref('int_persons__coupon_trained') }}

),

foretold as (

    select * from {{ ref('fct_person_values') }}

),

phases as (

    select * from {{ ref('dim_person_phases') }}
    where is_current

),

scores as (

    select * from {{ ref('fct_motivation_scores') }}

),

hesitating as (

    select * from {{ ref('fct_hesitating_persons') }}

),

tendencies as (

    select * from {{ ref('fct_person_tendencies') }}
    where tendency_rank = 1

),

categories as (

    select * from {{ ref('stg_categories') }}

),

strongest as (

    select
        tendencies.shop_id,
        tendencies.person_id,
        max(case when tendencies.dimension = 'category' then tendencies.dimension_value end)
            as taste_category_id,
        max(case when tendencies.dimension = 'category' then categories.category_name end)
            as taste_category_name,
        max(case when tendencies.dimension = 'tag' then tendencies.dimension_value end) as taste_tag,
        max(case when tendencies.dimension = 'brand' then tendencies.dimension_value end)
            as taste_brand
    from tendencies
    left join categories
        on
            tendencies.shop_id = categories.shop_id
            and tendencies.dimension_value = categories.category_id
    group by
        tendencies.shop_id,
        tendencies.person_id

),

historied as (

    select
        described.*,
        as_of.as_of_on,
        settings.currency,
        bought.top_category_id,
        seen.last_seen_basis,
        inquired.last_inquiry_topic,
        coalesce(bought.order_count >= 2, false) as is_repeat,
        -- Known before the shop's history begins: their first order here may not be their first.
        coalesce(seen.first_seen_on < settings.history_from_on, false) as is_before_history,
        -- Nothing found is none: an order, an inquiry or revenue the shop has no record of.
        coalesce(bought.order_count, 0) as order_count,
        coalesce(bought.order_count_365d, 0) as order_count_365d,
        case when bought.person_id is null then 0 else bought.revenue_amount end as revenue_amount,
        case when bought.person_id is null then 0 else bought.revenue_365d_amount end
            as revenue_365d_amount,
        bought.largest_order_amount,
        bought.average_order_amount,
        coalesce(bought.order_without_amount_count, 0) as order_without_amount_count,
        coalesce(inquired.inquiry_count, 0) as inquiry_count,
        coalesce(inquired.open_inquiry_count, 0) as open_inquiry_count,
        {{ days_between('bought.last_ordered_on', 'as_of.as_of_on') }} as days_since_last_order,
        {{ days_between('seen.last_seen_on', 'as_of.as_of_on') }} as days_since_last_seen,
        seen.first_seen_at,
        seen.first_seen_on,
        bought.first_ordered_at,
        bought.first_ordered_on,
        bought.last_ordered_at,
        bought.last_ordered_on,
        seen.last_login_at,
        seen.last_login_on,
        seen.last_visit_at,
        seen.last_visit_on,
        seen.last_seen_at,
        seen.last_seen_on,
        inquired.last_inquired_at,
        inquired.last_inquired_on
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

),

-- What they would like now: who never put anything in, or was never written to, has none of it.
inclined as (

    select
        historied.*,
        phases.phase,
        scores.week_band as first_week_band,
        coalesce(scores.rolling_band, 'low') as motivation_band,
        hesitating.person_id is not null as is_hesitating,
        coalesce(intended.has_open_cart, false) as has_open_cart,
        trained.person_id is not null as is_trained_abandoner,
        coalesce(scores.rolling_score, 0) as motivation_score,
        coalesce(intended.abandoned_cart_count, 0) as abandoned_cart_count,
        coalesce(intended.favourite_count, 0) as favourite_count,
        intended.open_cart_amount,
        phases.valid_from_at as phase_since_at,
        intended.last_abandoned_at,
        hesitating.valid_until_at as hesitating_until_at,
        trained.coupon_blocked_until_at
    from historied
    left join phases
        on
            historied.shop_id = phases.shop_id
            and historied.person_id = phases.person_id
    left join scores
        on
            historied.shop_id = scores.shop_id
            and historied.person_id = scores.person_id
    left join hesitating
        on
            historied.shop_id = hesitating.shop_id
            and historied.person_id = hesitating.person_id
    left join intended
        on
            historied.shop_id = intended.shop_id
            and historied.person_id = intended.person_id
    left join trained
        on
            historied.shop_id = trained.shop_id
            and historied.person_id = trained.person_id

),

joined as (

    select
        inclined.shop_id,
        inclined.person_id,
        inclined.top_category_id,
        strongest.taste_category_id,
        inclined.person_kind,
        inclined.member_state,
        inclined.prefecture,
        cast(inclined.birth_year as bigint) as birth_year,
        cast(inclined.birth_month as bigint) as birth_month,
        cast(inclined.birth_day as bigint) as birth_day,
        inclined.sex,
        inclined.locale,
        inclined.customer_rank,
        inclined.phase,
        ranked.purchase_status,
        ranked.rfm_group,
        foretold.value_state,
        inclined.motivation_band,
        inclined.first_week_band,
        categories.category_name as top_category_name,
        strongest.taste_category_name,
        strongest.taste_tag,
        strongest.taste_brand,
        inclined.last_seen_basis,
        inclined.last_inquiry_topic,
        case when reached.person_id is null then 'no_address' else reached.mail_block_reason end
            as mail_block_reason,
        inclined.currency,
        inclined.is_member,
        inclined.is_repeat,
        inclined.is_before_history,
        inclined.is_hesitating,
        inclined.has_open_cart,
        inclined.is_trained_abandoner,
        coalesce(reached.is_mailable, false) as is_mailable,
        coalesce(reached.has_profiling_opt_out, false) as has_profiling_opt_out,
        inclined.account_count,
        inclined.member_count,
        inclined.browser_count,
        inclined.order_count,
        inclined.order_count_365d,
        inclined.revenue_amount,
        inclined.revenue_365d_amount,
        inclined.largest_order_amount,
        inclined.average_order_amount,
        inclined.order_without_amount_count,
        inclined.inquiry_count,
        inclined.open_inquiry_count,
        inclined.days_since_last_order,
        inclined.days_since_last_seen,
        ranked.recency_score,
        ranked.frequency_score,
        ranked.monetary_score,
        foretold.expected_orders_90,
        foretold.expected_orders_365,
        foretold.expected_revenue_90_amount,
        foretold.expected_revenue_365_amount,
        inclined.motivation_score,
        inclined.abandoned_cart_count,
        inclined.favourite_count,
        inclined.open_cart_amount,
        coalesce(reached.message_count_30d, 0) as message_count_30d,
        inclined.points_balance,
        inclined.points_expire_on,
        inclined.registered_at,
        inclined.registered_on,
        inclined.first_seen_at,
        inclined.first_seen_on,
        inclined.first_ordered_at,
        inclined.first_ordered_on,
        inclined.last_ordered_at,
        inclined.last_ordered_on,
        inclined.last_login_at,
        inclined.last_login_on,
        inclined.last_visit_at,
        inclined.last_visit_on,
        inclined.last_seen_at,
        inclined.last_seen_on,
        inclined.phase_since_at,
        inclined.last_abandoned_at,
        inclined.hesitating_until_at,
        inclined.coupon_blocked_until_at,
        inclined.last_inquired_at,
        inclined.last_inquired_on,
        reached.last_sent_at,
        reached.last_sent_on
    from inclined
    left join ranked
        on
            inclined.shop_id = ranked.shop_id
            and inclined.person_id = ranked.person_id
    left join foretold
        on
            inclined.shop_id = foretold.shop_id
            and inclined.person_id = foretold.person_id
    left join strongest
        on
            inclined.shop_id = strongest.shop_id
            and inclined.person_id = strongest.person_id
    left join categories
        on
            inclined.shop_id = categories.shop_id
            and inclined.top_category_id = categories.category_id
    left join reached
        on
            inclined.shop_id = reached.shop_id
            and inclined.person_id = reached.person_id

)

select * from joined
