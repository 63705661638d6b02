{#- Half points up to ten: further off, next year's buyers are no longer this year's. -#}
{%- set uplifts_bp = range(0, 1001, 50) -%}
{#- The span of the rate that is raised, and the year it is looked at over, in days. -#}
{%- set rate_days = 180 -%}
{%- set year_days = 365 -%}

with

settings as (

    select * from {{ ref('int_run__settings') }}

),

repeat_rates as (

    select * from {{ ref('rpt_repeat_rate') }}
    where
        period_key = 'trailing_12'
        and from_order_no = 1
        and within_days = {{ rate_days }}

),

aged as (

    select * from {{ ref('int_orders__aged') }}
    where not is_before_history

),

uplifts as (

    {% for uplift_bp in uplifts_bp -%}
    select cast({{ uplift_bp }} as bigint) as uplift_bp{{ ' union all' if not loop.last }}
    {% endfor %}
),

new_persons as (

    select
        shop_id,
        count(*) as new_person_count
    from aged
    where
        purchase_no = 1
        and watched_days < {{ year_days }}
    group by shop_id

),

-- Who first bought in the year before: everybody's year is over, and none is long past.
year_before as (

    select
        shop_id,
        person_id,
        ordered_at as first_ordered_at
    from aged
    where
        purchase_no = 1
        and watched_days >= {{ year_days }}
        and watched_days < 2 * {{ year_days }}

),

later_orders as (

    select
        year_before.shop_id,
        year_before.person_id,
        aged.revenue_amount,
        max(
            case
                when
                    aged.purchase_no = 2
                    and {{ days_between('year_before.first_ordered_at', 'aged.ordered_at') }}
                    < {{ rate_days }}
                    then 1
                else 0
            end
        ) over (partition by year_before.shop_id, year_before.person_id) as is_second_buyer
    from year_before
    inner join aged
        on
            year_before.shop_id = aged.shop_id
            and year_before.person_id = aged.person_id
    where
        aged.purchase_no > 1
        and {{ days_between('year_before.first_ordered_at', 'aged.ordered_at') }} < {{ year_days }}

),

-- What one second buyer brings in the year after the first order, the second order included.
second_buyers as (

    select
        shop_id,
        count(distinct person_id) as second_buyer_count,
        count(*) as later_order_count,
        cast(sum(revenue_amount) as decimal(18, 4)) as later_revenue_amount
    from later_orders
    where is_second_buyer = 1
    group by shop_id

),

crossed as (

    select
        second_buyers.shop_id,
        uplifts.uplift_bp,
        settings.currency,
        new_persons.new_person_count,
        repeat_rates.eligible_person_count,
        repeat_rates.repeated_person_count,
        second_buyers.second_buyer_count,
        second_buyers.later_order_count,
        second_buyers.later_revenue_amount,
        cast(repeat_rates.repeated_person_count as double) * 10000 as base_parts,
        cast(repeat_rates.eligible_person_count as double) * uplifts.uplift_bp as uplift_parts,
        cast(repeat_rates.eligible_person_count as double) * 10000 as all_parts
    from second_buyers
    inner join new_persons
        on second_buyers.shop_id = new_persons.shop_id
    inner join repeat_rates
        on second_buyers.shop_id = repeat_rates.shop_id
    inner join settings
        on second_buyers.shop_id = settings.shop_id
    cross join uplifts

),

-- Multiplied first and divided once: no rate is rounded on the way.
tried as (

    select
        shop_id,
        uplift_bp,
        currency,
        new_person_count,
        eligible_person_count,
        repeated_person_count,
        second_buyer_count,
        later_order_count,
        later_revenue_amount,
        base_parts / all_parts as base_rate,
        (base_parts + uplift_parts) / all_parts as what_if_rate,
        new_person_count * (base_parts + uplift_parts) / all_parts as expected_second_buyer_count,
        new_person_count * (base_parts + uplift_parts) * later_order_count
        / (all_parts * second_buyer_count) as expected_order_count,
        new_person_count * (base_parts + uplift_parts) * cast(later_revenue_amount as double)
        / (all_parts * second_buyer_count) as expected_revenue_amount,
        new_person_count * uplift_parts * later_order_count
        / (all_parts * second_buyer_count) as extra_order_count,
        new_person_count * uplift_parts * cast(later_revenue_amount as double)
        / (all_parts * second_buyer_count) as extra_revenue_amount
    from crossed
    where base_parts + uplift_parts <= all_parts

)

select * from tried
