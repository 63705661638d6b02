{# Long for the three signs of hesitation and when each of them is over. #}

{#- So many looks at one product, or at pictures of it, in 24 hours. -#}
{%- set least_looks = 3 -%}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

settings as (

    select * from {{ ref('int_run__settings') }}

),

fading as (

    select * from {{ ref('int_motivation__fading') }}

),

windows as (

    select * from {{ ref('int_motivation__windows') }}

),

phases as (

    select * from {{ ref('dim_person_phases') }}
    where is_current

),

events as (

    select * from {{ ref('int_events__identified') }}
    where
        event_name in ('Product Viewed', 'Product Image Viewed')
        and product_id is not null

),

episodes as (

    select * from {{ ref('int_cart_episodes') }}
    where close_reason is null

),

motivated as (

    select
        fading.shop_id,
        fading.person_id,
        phases.phase,
        fading.rolling_score,
        fading.high_until_at,
        -- Orders a phase begins with; a guest is one of no account, however many they have.
        case phases.phase
            when 'first_buyer' then 1
            when 'second_buyer' then 2
            when 'repeat' then 3
            when 'loyal' then settings.loyal_order_count
            else 0
        end as phase_order_count,
        settings.hesitating_below_order_count,
        greatest({{ add_hours('as_of.as_of_at', -24) }}, windows.rolling_from_at) as looks_from_at
    from fading
    inner join as_of
        on fading.shop_id = as_of.shop_id
    inner join settings
        on fading.shop_id = settings.shop_id
    inner join phases
        on
            fading.shop_id = phases.shop_id
            and fading.person_id = phases.person_id
    inner join windows
        on
            fading.shop_id = windows.shop_id
            and fading.person_id = windows.person_id

),

undecided as (

    select * from motivated
    where phase_order_count < hesitating_below_order_count

),

looks as (

    select
        events.shop_id,
        events.person_id,
        events.product_id,
        events.event_name = 'Product Image Viewed' as is_picture,
        events.occurred_at,
        row_number() over (
            partition by events.shop_id, events.person_id, events.product_id, events.event_name
            order by
                events.occurred_at desc,
                events.event_id desc
        ) as newest_no
    from events
    inner join undecided
        on
            events.shop_id = undecided.shop_id
            and events.person_id = undecided.person_id
            and events.occurred_at >= undecided.looks_from_at

),

-- Three looks are three in 24 hours until the third newest of them is a day old.
looked_at as (

    select
        shop_id,
        person_id,
        product_id,
        count(case when is_picture then 1 end) as picture_count,
        count(case when not is_picture then 1 end) as view_count,
        max(occurred_at) as last_looked_at,
        {{ add_hours(
            'max(case when newest_no = ' ~ least_looks ~ ' then occurred_at end)', 24
        ) }} as looks_until_at
    from looks
    group by
        shop_id,
        person_id,
        product_id
    having max(newest_no) >= {{ least_looks }}

),

ranked as (

    select
        *,
        max(looks_until_at) over (partition by shop_id, person_id) as any_looks_until_at,
        max(last_looked_at) over (partition by shop_id, person_id) as any_looked_at,
        row_number() over (
            partition by shop_id, person_id
            order by
                picture_count + view_count desc,
                last_looked_at desc,
                product_id asc
        ) as look_rank
    from looked_at

),

carts as (

    select
        episodes.shop_id,
        episodes.person_id,
        max(episodes.last_activity_at) as last_activity_at,
        {{ add_days('max(episodes.last_activity_at)', 'max(settings.cart_expiry_days)') }} as cart_until_at
    from episodes
    inner join settings
        on episodes.shop_id = settings.shop_id
    where episodes.person_id is not null
    group by
        episodes.shop_id,
        episodes.person_id

),

signed as (

    select
        undecided.shop_id,
        undecided.person_id,
        ranked.product_id,
        undecided.phase,
        case
            when ranked.picture_count >= {{ least_looks }} then 'pictures'
            when ranked.product_id is not null then 'views'
            else 'cart'
        end as hesitation_kind,
        carts.person_id is not null as has_open_cart,
        undecided.rolling_score,
        ranked.picture_count,
        ranked.view_count,
        greatest(ranked.any_looked_at, carts.last_activity_at) as last_sign_at,
        least(
            undecided.high_until_at, greatest(ranked.any_looks_until_at, carts.cart_until_at)
        ) as valid_until_at
    from undecided
    left join ranked
        on
            undecided.shop_id = ranked.shop_id
            and undecided.person_id = ranked.person_id
            and ranked.look_rank = 1
    left join carts
        on
            undecided.shop_id = carts.shop_id
            and undecided.person_id = carts.person_id
    where
        ranked.person_id is not null
        or carts.person_id is not null

)

select * from signed
