{# Long for every printed rate against every possible denominator, spelled out. #}
{%- set printed_rates = [
    ('open_rate', 'printed_open_rate', 'open_count'),
    ('click_rate', 'printed_click_rate', 'click_count'),
    ('order_rate', 'printed_order_rate', 'orderer_count'),
    ('spend_per_orderer', 'printed_spend_per_orderer', 'recovered_amount'),
] -%}

with

settings as (

    select * from {{ ref('int_run__settings') }}

),

reports as (

    select * from {{ ref('int_recovery__newest_reports') }}

),

printed as (
    {% for rate_key, printed_column, numerator in printed_rates %}
    select
        *,
        '{{ rate_key }}' as rate_key,
        cast({{ printed_column }} as double) as printed_value,
        cast({{ numerator }} as double) as numerator
    from reports
    where {{ printed_column }} is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

-- Percent with up to two decimals, money with up to two: how many a report prints is seen from all
-- its lines together, for 50.00 % alone looks like 50 %.
with_decimals as (

    select
        *,
        max(
            case
                when rate_key = 'spend_per_orderer'
                    then
                        case
                            when abs(printed_value - round(printed_value, 0)) < 0.0000001 then 0
                            else 2
                        end
                when abs(printed_value * 100 - round(printed_value * 100, 0)) < 0.0000001 then 2
                when abs(printed_value * 1000 - round(printed_value * 1000, 0)) < 0.0000001 then 3
                else 4
            end
        ) over (
            partition by
                shop_id, provider, as_of_at, case when rate_key = 'spend_per_orderer' then 1 else 0 end
        ) as decimals
    from printed

),

recomputed as (

    select
        *,
        0.5 / power(10, decimals) + 0.000000001 as tolerance,
        case when rate_key <> 'spend_per_orderer' then numerator / nullif(sent_count, 0) end
            as per_sent_value,
        case when rate_key <> 'spend_per_orderer' then numerator / nullif(delivered_count, 0) end
            as per_delivered_value,
        case when rate_key in ('click_rate', 'order_rate') then numerator / nullif(open_count, 0) end
            as per_open_value,
        case when rate_key = 'order_rate' then numerator / nullif(click_count, 0) end
            as per_click_value,
        case when rate_key = 'spend_per_orderer' then numerator / nullif(orderer_count, 0) end
            as per_orderer_value,
        case when rate_key = 'spend_per_orderer' then numerator / nullif(order_count, 0) end
            as per_order_value
    from with_decimals

),

matched as (

    select
        *,
        -- Several may fit by chance: the one a report most often means comes first.
        case
            when rate_key = 'order_rate' and abs(printed_value - per_click_value) <= tolerance
                then 'clicks'
            when rate_key = 'click_rate' and abs(printed_value - per_open_value) <= tolerance
                then 'opens'
            when abs(printed_value - per_sent_value) <= tolerance then 'sent'
            when abs(printed_value - per_delivered_value) <= tolerance then 'delivered'
            when abs(printed_value - per_open_value) <= tolerance then 'opens'
            when abs(printed_value - per_orderer_value) <= tolerance then 'orderers'
            when abs(printed_value - per_order_value) <= tolerance then 'orders'
        end as matched_denominator,
        numerator is not null
        and coalesce(
            per_sent_value,
            per_delivered_value,
            per_open_value,
            per_click_value,
            per_orderer_value,
            per_order_value
        ) is not null as is_checkable
    from recomputed

),

denominator_counts as (

    select
        shop_id,
        provider,
        rate_key,
        matched_denominator,
        count(*) as line_count
    from matched
    where matched_denominator is not null
    group by
        shop_id,
        provider,
        rate_key,
        matched_denominator

),

ranked_denominators as (

    select
        *,
        row_number() over (
            partition by shop_id, provider, rate_key
            order by
                line_count desc,
                matched_denominator asc
        ) as denominator_rank
    from denominator_counts

),

audited as (

    select
        matched.shop_id,
        matched.provider || '|' || matched.provider_campaign_id || '|'
        || cast(matched.as_of_on as string) as report_line,
        matched.rate_key,
        matched.provider,
        matched.campaign_key,
        matched.step_number,
        coalesce(matched.label, matched.provider_campaign_id) as label,
        settings.currency,
        matched.matched_denominator,
        coalesce(
            ranked_denominators.matched_denominator,
            case matched.rate_key
                when 'open_rate' then 'sent'
                when 'click_rate' then 'opens'
                when 'order_rate' then 'clicks'
                else 'orderers'
            end
        ) as expected_denominator,
        matched.is_checkable and matched.matched_denominator is null as is_flagged,
        matched.is_checkable,
        matched.printed_value,
        matched.numerator,
        matched.per_sent_value,
        matched.per_delivered_value,
        matched.per_open_value,
        matched.per_click_value,
        matched.per_orderer_value,
        matched.per_order_value,
        matched.as_of_at,
        matched.as_of_on
    from matched
    inner join settings
        on matched.shop_id = settings.shop_id
    left join ranked_denominators
        on
            matched.shop_id = ranked_denominators.shop_id
            and matched.provider = ranked_denominators.provider
            and matched.rate_key = ranked_denominators.rate_key
            and ranked_denominators.denominator_rank = 1

),

noted as (

    select
        *,
        case
            when not is_checkable then 'not_checkable'
            when matched_denominator is null then 'no_denominator_fits'
            when matched_denominator <> expected_denominator then 'other_denominator_than_its_peers'
            else 'fits'
        end as note
    from audited

)

select * from noted
