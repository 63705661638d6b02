-- Fails if a rate of a recovery table is not its numerator by its denominator, stands where there is no
-- denominator, or does not multiply along the way from sending over clicks to orders.
{%- set quotients = [
    ('open_rate', 'opener_count', 'sent_count'),
    ('open_per_delivered_rate', 'opener_count', 'delivered_count'),
    ('click_to_open_rate', 'clicker_count', 'opener_count'),
    ('click_through_rate', 'clicker_count', 'sent_count'),
    ('order_rate', 'orderer_count', 'clicker_count'),
    ('order_per_sent_rate', 'orderer_count', 'sent_count'),
    ('unsubscribe_rate', 'unsubscribe_count', 'sent_count'),
    ('complaint_rate', 'complaint_count', 'sent_count'),
    ('spend_per_orderer_amount', 'recovered_amount', 'orderer_count'),
] %}

with

reported as (

    {%- for report in ['rpt_recovery_steps', 'rpt_campaign_steps'] %}
    select
        '{{ report }}' as report_name,
        shop_id,
        period_key,
        campaign_key,
        campaign_version,
        step_number,
        arm_key,
        is_mature,
        report_grain,
        sent_count,
        delivered_count,
        opener_count,
        clicker_count,
        orderer_count,
        unsubscribe_count,
        complaint_count,
        {%- for rate, numerator, denominator in quotients %}
        {{ rate }},
        {%- endfor %}
        recovered_amount
    from {{ ref(report) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select *
from reported
where
    {%- for rate, numerator, denominator in quotients %}
    {{ 'or ' if not loop.first }}({{ rate }} is not null and coalesce({{ denominator }}, 0) = 0)
    or abs({{ rate }} * {{ denominator }} - cast({{ numerator }} as double)) > 0.000001
    {%- endfor %}
    or abs(open_rate * click_to_open_rate - click_through_rate) > 0.000001
    or abs(click_through_rate * order_rate - order_per_sent_rate) > 0.000001
