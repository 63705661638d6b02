{# Long for seven lines, each with its own two months to compare. #}

with

settings as (

    select * from {{ ref('int_run__settings') }}

),

periods as (

    select * from {{ ref('int_run__periods') }}

),

campaigns as (

    select * from {{ ref('stg_campaigns') }}
    where segment_key = 'cart_recovery'

),

credited as (

    select * from {{ ref('int_recovery__credited') }}
    where is_recovered

),

messages as (

    select * from {{ ref('fct_messages') }}

),

episodes as (

    select * from {{ ref('fct_cart_episodes') }}

),

orders as (

    select * from {{ ref('int_orders__sales') }}

),

lines as (

    select
        cast(1 as bigint) as line_number,
        'abandoned' as line_key,
        'abandoned' as counted_basis,
        '' as other_basis,
        cast(1 as bigint) as line_sign
    union all
    select
        2 as line_number,
        'abandoned_before' as line_key,
        'sent' as counted_basis,
        'abandoned' as other_basis,
        1 as line_sign
    union all
    select
        3 as line_number,
        'sent_after' as line_key,
        'abandoned' as counted_basis,
        'sent' as other_basis,
        -1 as line_sign
    union all
    select
        4 as line_number,
        'sent' as line_key,
        'sent' as counted_basis,
        '' as other_basis,
        1 as line_sign
    union all
    select
        5 as line_number,
        'sent_before' as line_key,
        'ordered' as counted_basis,
        'sent' as other_basis,
        1 as line_sign
    union all
    select
        6 as line_number,
        'ordered_after' as line_key,
        'sent' as counted_basis,
        'ordered' as other_basis,
        -1 as line_sign
    union all
    select
        7 as line_number,
        'ordered' as line_key,
        'ordered' as counted_basis,
        '' as other_basis,
        1 as line_sign

),

-- A cart that late events cut anew is gone under its old id: it stands in the month of its mail.
dated as (

    select
        credited.shop_id,
        credited.order_id,
        credited.campaign_key,
        coalesce(episodes.abandoned_month, messages.sent_month) as abandoned_month,
        messages.sent_month,
        orders.ordered_month,
        orders.revenue_amount,
        orders.gross_amount
    from credited
    inner join campaigns
        on
            credited.shop_id = campaigns.shop_id
            and credited.campaign_key = campaigns.campaign_key
            and credited.campaign_version = campaigns.campaign_version
    inner join messages
        on
            credited.shop_id = messages.shop_id
            and credited.message_id = messages.message_id
    inner join orders
        on
            credited.shop_id = orders.shop_id
            and credited.order_id = orders.order_id
    left join episodes
        on
            credited.shop_id = episodes.shop_id
            and credited.occurrence_key = episodes.episode_id

),

with_grains as (

    select
        *,
        'all' as reported_campaign
    from dated

    union all

    select
        *,
        campaign_key as reported_campaign
    from dated

),

-- Each order stands once, so that its three months are all that has to be told apart.
by_months as (

    select
        shop_id,
        reported_campaign,
        abandoned_month,
        sent_month,
        ordered_month,
        count(*) as order_count,
        sum(gross_amount) as gross_amount,
        sum(gross_amount - revenue_amount) as refunded_amount,
        sum(revenue_amount) as recovered_amount
    from with_grains
    group by
        shop_id,
        reported_campaign,
        abandoned_month,
        sent_month,
        ordered_month

),

reported_campaigns as (

    select distinct
        shop_id,
        reported_campaign
    from by_months

),

-- Every line of every period, also where nothing falls between two months.
cells as (

    select
        periods.shop_id,
        periods.period_key,
        periods.first_month,
        periods.last_month,
        reported_campaigns.reported_campaign,
        lines.*
    from periods
    inner join reported_campaigns
        on periods.shop_id = reported_campaigns.shop_id
    cross join lines

),

placed as (

    select
        cells.shop_id,
        cells.period_key,
        cells.reported_campaign,
        cells.line_number,
        cells.line_key,
        cells.line_sign,
        by_months.order_count,
        by_months.gross_amount,
        by_months.refunded_amount,
        by_months.recovered_amount,
        coalesce(
            case cells.counted_basis
                when 'abandoned' then by_months.abandoned_month
                when 'sent' then by_months.sent_month
                when 'ordered' then by_months.ordered_month
            end between cells.first_month and cells.last_month,
            false
        ) as is_in_period,
        coalesce(
            case cells.other_basis
                when 'abandoned' then by_months.abandoned_month
                when 'sent' then by_months.sent_month
                when 'ordered' then by_months.ordered_month
            end between cells.first_month and cells.last_month,
            false
        ) as is_otherwise_in_period
    from cells
    inner join by_months
        on
            cells.shop_id = by_months.shop_id
            and cells.reported_campaign = by_months.reported_campaign

),

counted as (

    select
        shop_id,
        period_key,
        reported_campaign,
        line_number,
        line_key,
        line_sign,
        case when is_in_period and not is_otherwise_in_period then order_count else 0 end
            as order_count,
        case when is_in_period and not is_otherwise_in_period then gross_amount end as gross_amount,
        case when is_in_period and not is_otherwise_in_period then refunded_amount end
            as refunded_amount,
        case when is_in_period and not is_otherwise_in_period then recovered_amount end
            as recovered_amount
    from placed

),

summed_up as (

    select
        shop_id,
        period_key,
        reported_campaign,
        line_number,
        line_key,
        line_sign,
        sum(order_count) as order_count,
        coalesce(sum(gross_amount), 0) as gross_amount,
        coalesce(sum(refunded_amount), 0) as refunded_amount,
        coalesce(sum(recovered_amount), 0) as recovered_amount
    from counted
    group by
        shop_id,
        period_key,
        reported_campaign,
        line_number,
        line_key,
        line_sign

),

signed as (

    select
        summed_up.shop_id,
        summed_up.period_key,
        summed_up.reported_campaign as campaign_key,
        summed_up.line_number,
        summed_up.line_key,
        settings.currency,
        cast(summed_up.line_sign * summed_up.order_count as bigint) as order_count,
        cast(summed_up.line_sign * summed_up.gross_amount as decimal(18, 4)) as gross_amount,
        cast(summed_up.line_sign * summed_up.refunded_amount as decimal(18, 4)) as refunded_amount,
        cast(summed_up.line_sign * summed_up.recovered_amount as decimal(18, 4)) as recovered_amount
    from summed_up
    inner join settings
        on summed_up.shop_id = settings.shop_id

)

select * from signed
