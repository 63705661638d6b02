{# Long for its six causes over three kinds of orders, and every mixture of them. #}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

settings as (

    select * from {{ ref('int_run__settings') }}

),

orders as (

    select * from {{ ref('stg_orders') }}

),

sales as (

    select * from {{ ref('int_orders__sales') }}

),

readings as (

    select * from {{ ref('stg_shop_screen_months') }}

),

-- Of what was typed and what files say the newest reading counts; the next one stands beside it.
ranked_readings as (

    select
        *,
        row_number() over (
            partition by shop_id, screen_month_on
            order by
                seen_at desc,
                loaded_at desc,
                source_key asc
        ) as reading_rank
    from readings

),

screens as (

    select * from ranked_readings
    where reading_rank = 1

),

others as (

    select * from ranked_readings
    where reading_rank = 2

),

-- Orders of a test account stand in staging alone.
judged as (

    select
        orders.shop_id,
        {{ month_of('orders.ordered_on') }} as screen_month,
        case
            when sales.order_id is null then 'test'
            when sales.is_sale then 'sale'
            else 'void'
        end as order_kind,
        case when orders.currency = settings.currency then orders.goods_amount end as goods_amount,
        case when orders.currency = settings.currency then orders.total_amount - orders.goods_amount end
            as shipping_amount,
        case when orders.currency = settings.currency then orders.total_amount - orders.paid_amount end
            as points_amount,
        case when orders.currency = settings.currency then orders.tax_amount end as tax_amount,
        case when sales.is_sale then sales.gross_amount - sales.revenue_amount end as refunded_amount,
        case when sales.is_sale then sales.revenue_amount end as revenue_amount
    from orders
    inner join settings
        on orders.shop_id = settings.shop_id
    left join sales
        on
            orders.shop_id = sales.shop_id
            and orders.order_id = sales.order_id

),

-- An amount the source does not give is left out of its sum; what is wholly unknown counts as 0 in
-- the search below and stays unknown on the screen.
summed as (

    select
        shop_id,
        screen_month,
        order_kind,
        count(*) as order_count,
        sum(goods_amount) as goods_amount,
        sum(shipping_amount) as shipping_amount,
        sum(points_amount) as points_amount,
        sum(tax_amount) as tax_amount,
        sum(refunded_amount) as refunded_amount,
        sum(revenue_amount) as revenue_amount
    from judged
    group by
        shop_id,
        screen_month,
        order_kind

),

named_months as (

    select
        shop_id,
        screen_month
    from summed

    union distinct

    select
        shop_id,
        screen_month_on as screen_month
    from screens

),

switches as (

    select 0 as is_on

    union all

    select 1 as is_on

),

-- Every way a screen may count: which orders, and what is in their amount.
ways as (

    select
        voids.is_on as with_voids,
        tests.is_on as with_tests,
        shipping.is_on as with_shipping,
        points.is_on as less_points,
        taxes.is_on as less_tax,
        refunds.is_on as less_refunds
    from switches as voids
    cross join switches as tests
    cross join switches as shipping
    cross join switches as points
    cross join switches as taxes
    cross join switches as refunds

),

-- 1 for what our own figure holds, by the shop's measure of revenue.
own_ways as (

    select
        shop_id,
        currency,
        case when revenue_measure = 'goods' then 0 else 1 end as with_shipping,
        case when revenue_measure = 'paid' then 1 else 0 end as less_points
    from settings

),

weighed as (

    select
        named_months.shop_id,
        named_months.screen_month,
        ways.with_voids,
        ways.with_tests,
        ways.with_shipping,
        ways.less_points,
        ways.less_tax,
        ways.less_refunds,
        summed.order_count,
        case summed.order_kind
            when 'sale' then 1
            when 'void' then ways.with_voids
            else ways.with_tests
        end as is_in,
        coalesce(summed.goods_amount, 0)
        + ways.with_shipping * coalesce(summed.shipping_amount, 0)
        - ways.less_points * coalesce(summed.points_amount, 0)
        - ways.less_tax * coalesce(summed.tax_amount, 0)
        - ways.less_refunds * coalesce(summed.refunded_amount, 0) as order_amount
    from named_months
    cross join ways
    left join summed
        on
            named_months.shop_id = summed.shop_id
            and named_months.screen_month = summed.screen_month

),

counted as (

    select
        shop_id,
        screen_month,
        with_voids,
        with_tests,
        with_shipping,
        less_points,
        less_tax,
        less_refunds,
        -- A month without any order has none, and no money.
        coalesce(sum(is_in * order_count), 0) as order_count,
        coalesce(sum(is_in * order_amount), 0) as order_amount
    from weighed
    group by
        shop_id,
        screen_month,
        with_voids,
        with_tests,
        with_shipping,
        less_points,
        less_tax,
        less_refunds

),

told as (

    select
        counted.shop_id,
        counted.screen_month,
        case when counted.with_voids = 1 then 'void ' else '' end
        || case when counted.with_tests = 1 then 'test ' else '' end
        || case when counted.with_shipping <> own_ways.with_shipping then 'shipping ' else '' end
        || case when counted.less_points <> own_ways.less_points then 'points ' else '' end
        || case when counted.less_tax = 1 then 'tax ' else '' end
        || case when counted.less_refunds = 0 then 'refunds ' else '' end as cause_key,
        counted.with_voids
        + counted.with_tests
        + abs(counted.with_shipping - own_ways.with_shipping)
        + abs(counted.less_points - own_ways.less_points)
        + counted.less_tax
        + 1 - counted.less_refunds as cause_count
    from counted
    inner join own_ways
        on counted.shop_id = own_ways.shop_id
    inner join screens
        on
            counted.shop_id = screens.shop_id
            and counted.screen_month = screens.screen_month_on
    -- What was not read off the screen is not held against anything.
    where
        coalesce(screens.order_count = counted.order_count, true)
        and coalesce(abs(screens.order_amount - counted.order_amount) < 0.005, true)

),

ranked as (

    select
        *,
        row_number() over (
            partition by shop_id, screen_month
            order by
                cause_count asc,
                cause_key asc
        ) as cause_rank
    from told

),

measured as (

    select
        named_months.shop_id,
        named_months.screen_month,
        sum(case when summed.order_kind = 'sale' then summed.order_count else 0 end) as order_count,
        sum(case when summed.order_kind = 'void' then summed.order_count else 0 end) as void_order_count,
        sum(case when summed.order_kind = 'test' then summed.order_count else 0 end) as test_order_count,
        sum(summed.revenue_amount) as revenue_amount,
        sum(case when summed.order_kind = 'void' then summed.goods_amount end) as void_amount,
        sum(case when summed.order_kind = 'test' then summed.goods_amount end) as test_amount,
        sum(case when summed.order_kind = 'sale' then summed.shipping_amount end) as shipping_amount,
        sum(case when summed.order_kind = 'sale' then summed.points_amount end) as points_amount,
        sum(case when summed.order_kind = 'sale' then summed.tax_amount end) as tax_amount,
        sum(summed.refunded_amount) as refunded_amount
    from named_months
    left join summed
        on
            named_months.shop_id = summed.shop_id
            and named_months.screen_month = summed.screen_month
    group by
        named_months.shop_id,
        named_months.screen_month

),

compared as (

    select
        measured.shop_id,
        measured.screen_month,
        own_ways.currency,
        nullif(trim(ranked.cause_key), '') as cause_key,
        screens.source_key as screen_source_key,
        others.source_key as other_source_key,
        measured.screen_month >= as_of.as_of_month as is_running,
        screens.screen_month_on is not null as is_compared,
        ranked.cause_key is not null as is_explained,
        cast(measured.order_count as bigint) as order_count,
        screens.order_count as screen_order_count,
        cast(screens.order_count - measured.order_count as bigint) as difference_count,
        cast(measured.void_order_count as bigint) as void_order_count,
        cast(measured.test_order_count as bigint) as test_order_count,
        cast(measured.revenue_amount as decimal(18, 4)) as revenue_amount,
        screens.order_amount as screen_amount,
        cast(screens.order_amount - measured.revenue_amount as decimal(18, 4)) as difference_amount,
        cast(measured.void_amount as decimal(18, 4)) as void_amount,
        cast(measured.test_amount as decimal(18, 4)) as test_amount,
        cast(measured.shipping_amount as decimal(18, 4)) as shipping_amount,
        cast(measured.points_amount as decimal(18, 4)) as points_amount,
        cast(measured.tax_amount as decimal(18, 4)) as tax_amount,
        cast(measured.refunded_amount as decimal(18, 4)) as refunded_amount,
        others.order_count as other_order_count,
        others.order_amount as other_amount,
        screens.seen_at,
        others.seen_at as other_seen_at
    from measured
    inner join as_of
        on measured.shop_id = as_of.shop_id
    inner join own_ways
        on measured.shop_id = own_ways.shop_id
    left join screens
        on
            measured.shop_id = screens.shop_id
            and measured.screen_month = screens.screen_month_on
    left join others
        on
            measured.shop_id = others.shop_id
            and measured.screen_month = others.screen_month_on
    left join ranked
        on
            measured.shop_id = ranked.shop_id
            and measured.screen_month = ranked.screen_month
            and ranked.cause_rank = 1

)

select * from compared
