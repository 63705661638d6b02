{# Long for every version's rule, which a changed one must not ask by again. #}

with

orders as (

    select * from {{ ref('fct_orders') }}
    where
        is_sale
        and person_id is not null

),

lines as (

    select distinct
        shop_id,
        order_id
    from {{ ref('fct_order_lines') }}
    where product_id is not null

),

reviewable_orders as (

    select distinct
        shop_id,
        order_id
    from {{ ref('fct_reviewable_goods') }}

),

shops as (

    select * from {{ ref('dim_shops') }}

),

days as (

    select * from {{ ref('dim_days') }}

),

done_steps as (

    select * from {{ ref('int_campaign_steps__done') }}
    where step_number = 1

),

-- What the shop file says of every version, so that a changed one asks nobody again.
versions as (

    select
        *,
        case when measured_from in ('shipped', 'delivered') then measured_from else 'ordered' end
            as basis,
        cast(floor(delay_minutes / 1440) as bigint) as delay_days
    from {{ ref('dim_campaign_steps') }}
    where
        segment_key = 'review_request'
        and step_number = 1

),

-- No sequence of mails reaches farther than the shop's look-back. Of an order without known goods nobody
-- can tell whether they are reviewed.
dated as (

    select
        orders.shop_id,
        orders.order_id,
        orders.person_id,
        versions.campaign_key,
        versions.campaign_version,
        versions.basis,
        versions.is_active,
        versions.delay_days,
        versions.starts_at,
        versions.ends_at,
        shops.as_of_at,
        orders.ordered_at,
        case versions.basis
            when 'shipped' then orders.shipped_at
            when 'delivered' then orders.delivered_at
            else orders.ordered_at
        end as basis_at
    from orders
    inner join shops
        on
            orders.shop_id = shops.shop_id
            and orders.ordered_at > {{ add_months('shops.as_of_at', '-shops.look_back_months') }}
    inner join versions
        on orders.shop_id = versions.shop_id
    left join lines
        on
            orders.shop_id = lines.shop_id
            and orders.order_id = lines.order_id
    left join reviewable_orders
        on
            orders.shop_id = reviewable_orders.shop_id
            and orders.order_id = reviewable_orders.order_id
    where
        lines.order_id is null
        or reviewable_orders.order_id is not null

),

due_orders as (

    select
        dated.*,
        days.day_on as counted_from_on,
        -- Of versions that run side by side the newest asks.
        max(
            case
                when
                    dated.is_active
                    and (dated.starts_at is null or dated.starts_at <= days.starts_at)
                    and (dated.ends_at is null or dated.ends_at > days.starts_at)
                    then dated.campaign_version
            end
        ) over (
            partition by dated.shop_id, dated.order_id, dated.campaign_key
        ) as newest_version,
        cast({{ add_days_on('days.day_on', 'dated.delay_days') }} as string) as occurrence_key
    from dated
    inner join days
        on
            dated.shop_id = days.shop_id
            and dated.basis_at < dated.as_of_at
            and dated.basis_at >= days.starts_at
            and dated.basis_at < days.ends_at

),

-- The orders a mail asked about are those due on its day by the rule of its own version. Who was held
-- out of it would have been asked: their order has had its once as well.
asked_orders as (

    select
        due_orders.shop_id,
        due_orders.order_id,
        due_orders.campaign_key,
        due_orders.occurrence_key
    from due_orders
    inner join done_steps
        on
            due_orders.shop_id = done_steps.shop_id
            and due_orders.person_id = done_steps.person_id
            and due_orders.campaign_key = done_steps.campaign_key
            and due_orders.campaign_version = done_steps.campaign_version
            and due_orders.occurrence_key = done_steps.occurrence_key

),

asked_by_another as (

    select distinct
        due_orders.shop_id,
        due_orders.order_id,
        due_orders.campaign_key,
        due_orders.campaign_version
    from due_orders
    inner join asked_orders
        on
            due_orders.shop_id = asked_orders.shop_id
            and due_orders.order_id = asked_orders.order_id
            and (
                due_orders.campaign_key <> asked_orders.campaign_key
                or due_orders.occurrence_key <> asked_orders.occurrence_key
            )

),

open_orders as (

    select
        due_orders.shop_id,
        due_orders.order_id,
        due_orders.campaign_key,
        due_orders.campaign_version,
        due_orders.person_id,
        due_orders.occurrence_key,
        due_orders.basis,
        due_orders.ordered_at,
        due_orders.basis_at,
        due_orders.counted_from_on as basis_on
    from due_orders
    left join asked_by_another
        on
            due_orders.shop_id = asked_by_another.shop_id
            and due_orders.order_id = asked_by_another.order_id
            and due_orders.campaign_key = asked_by_another.campaign_key
            and due_orders.campaign_version = asked_by_another.campaign_version
    where
        due_orders.campaign_version = due_orders.newest_version
        and asked_by_another.order_id is null

)

select * from open_orders
