{# Long for three ways of adding up. #}

with

persons as (

    select * from {{ ref('dim_persons') }}
    where is_member

),

-- Without a rate of exchange the amount is unknown, and no step towards the tier.
orders as (

    select * from {{ ref('fct_orders') }}
    where
        is_sale
        and revenue_amount is not null

),

campaigns as (

    select * from {{ ref('dim_campaign_steps') }}
    where
        segment_key = 'spend_tier'
        and step_number = 1
        and is_active

),

shops as (

    select * from {{ ref('dim_shops') }}

),

added_up as (

    select
        orders.shop_id,
        orders.person_id,
        orders.order_id,
        orders.revenue_amount,
        orders.ordered_at,
        orders.ordered_on,
        row_number() over (
            partition by orders.shop_id, orders.person_id
            order by
                orders.ordered_at,
                orders.order_id
        ) as paid_no,
        cast(
            sum(orders.revenue_amount) over (
                partition by orders.shop_id, orders.person_id
                order by
                    orders.ordered_at,
                    orders.order_id
                rows between unbounded preceding and current row
            ) as decimal(18, 4)
        ) as lifetime_amount
    from orders
    inner join persons
        on
            orders.shop_id = persons.shop_id
            and orders.person_id = persons.person_id

),

rolling_shops as (

    select distinct shop_id
    from campaigns
    where amount_basis = 'rolling_365d'

),

-- The 365 days up to and with the order's own.
rolled as (

    select
        added_up.shop_id,
        added_up.order_id,
        cast(sum(earlier_orders.revenue_amount) as decimal(18, 4)) as rolling_amount
    from added_up
    inner join rolling_shops
        on added_up.shop_id = rolling_shops.shop_id
    inner join added_up as earlier_orders
        on
            added_up.shop_id = earlier_orders.shop_id
            and added_up.person_id = earlier_orders.person_id
            and added_up.paid_no >= earlier_orders.paid_no
            and added_up.ordered_on < {{ add_days_on('earlier_orders.ordered_on', 365) }}
    group by
        added_up.shop_id,
        added_up.order_id

),

reached as (

    select
        campaigns.shop_id,
        campaigns.campaign_key,
        campaigns.campaign_version,
        campaigns.amount_basis,
        campaigns.from_amount,
        added_up.person_id,
        added_up.order_id,
        added_up.ordered_at,
        added_up.ordered_on,
        case campaigns.amount_basis
            when 'single_order' then added_up.revenue_amount
            when 'rolling_365d' then rolled.rolling_amount
            else added_up.lifetime_amount
        end as reached_amount
    from campaigns
    inner join added_up
        on campaigns.shop_id = added_up.shop_id
    left join rolled
        on
            added_up.shop_id = rolled.shop_id
            and added_up.order_id = rolled.order_id

),

-- On crossing, which is the first time: a refund and another order do not make a second.
numbered as (

    select
        *,
        row_number() over (
            partition by shop_id, campaign_key, campaign_version, person_id
            order by
                ordered_at,
                order_id
        ) as crossing_no
    from reached
    where reached_amount >= from_amount

),

qualified as (

    select
        numbered.shop_id,
        numbered.person_id,
        numbered.campaign_key,
        numbered.campaign_version,
        cast(numbered.from_amount as string) as occurrence_key,
        numbered.ordered_at as qualified_at,
        numbered.ordered_at as counted_from_at,
        'reached_by_' || numbered.amount_basis as reason_code,
        'none' as content_source,
        shops.currency,
        numbered.from_amount,
        numbered.reached_amount,
        numbered.ordered_on as reached_on
    from numbered
    inner join shops
        on numbered.shop_id = shops.shop_id
    where numbered.crossing_no = 1

),

{{ segment_members(
    'spend_tier',
    facts=['currency', 'from_amount', 'reached_amount', 'reached_on'],
    count_from='counted_from_at',
    by=['campaign_key', 'campaign_version']
) }}

select * from members
