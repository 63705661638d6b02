{%- set parts_of_a_line = [
    ('delivered_within_sent', 'delivered_count', 'sent_count'),
    ('arrived_and_bounced_within_sent', 'delivered_count + bounce_count', 'sent_count'),
    ('opens_within_sent', 'open_count', 'sent_count'),
    ('opens_within_delivered', 'open_count', 'delivered_count'),
    ('clicks_within_opens', 'click_count', 'open_count'),
    ('orderers_within_clicks', 'orderer_count', 'click_count'),
    ('orderers_within_orders', 'orderer_count', 'order_count'),
] -%}
{%- set parts_of_a_total = [
    ('sent_of_steps', 'sent_count'),
    ('delivered_of_steps', 'delivered_count'),
    ('opens_of_steps', 'open_count'),
    ('clicks_of_steps', 'click_count'),
    ('orders_of_steps', 'order_count'),
    ('money_of_steps', 'recovered_amount'),
] -%}

with

reports as (

    select * from {{ ref('int_recovery__newest_reports') }}

),

-- A step that lacks a count leaves its sum unknown.
steps as (

    select
        shop_id,
        provider,
        campaign_key,
        period_starts_on,
        period_ends_on,
        as_of_on,
        {%- for identity_key, part in parts_of_a_total %}
        case when count(*) = count({{ part }}) then sum({{ part }}) end as {{ part }},
        {%- endfor %}
        case when count(*) = count(orderer_count) then sum(orderer_count) end as orderer_count
    from reports
    where step_number > 0
    group by
        shop_id,
        provider,
        campaign_key,
        period_starts_on,
        period_ends_on,
        as_of_on

),

compared as (
    {% for identity_key, smaller, larger in parts_of_a_line %}
    select
        shop_id,
        provider,
        provider_campaign_id,
        campaign_key,
        step_number,
        label,
        '{{ identity_key }}' as identity_key,
        'at_most' as relation,
        cast({{ smaller }} as decimal(18, 4)) as first_value,
        cast({{ larger }} as decimal(18, 4)) as second_value,
        as_of_at,
        as_of_on
    from reports

    union all
    {% endfor %}
    {%- for identity_key, part in parts_of_a_total + [('orderers_of_steps', 'orderer_count')] %}
    select
        reports.shop_id,
        reports.provider,
        reports.provider_campaign_id,
        reports.campaign_key,
        reports.step_number,
        reports.label,
        '{{ identity_key }}' as identity_key,
        -- A person counts once in a total, and once in each step.
        '{{ 'at_most' if part == 'orderer_count' else 'equal' }}' as relation,
        cast(reports.{{ part }} as decimal(18, 4)) as first_value,
        cast(steps.{{ part }} as decimal(18, 4)) as second_value,
        reports.as_of_at,
        reports.as_of_on
    from reports
    inner join steps
        on
            reports.shop_id = steps.shop_id
            and reports.provider = steps.provider
            and reports.campaign_key = steps.campaign_key
            and reports.period_starts_on = steps.period_starts_on
            and reports.period_ends_on = steps.period_ends_on
            and reports.as_of_on = steps.as_of_on
    where reports.step_number = 0
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

judged as (

    select
        shop_id,
        provider || '|' || provider_campaign_id || '|' || cast(as_of_on as string) as report_line,
        identity_key,
        provider,
        campaign_key,
        step_number,
        coalesce(label, provider_campaign_id) as label,
        relation,
        coalesce(
            first_value > second_value or (relation = 'equal' and first_value <> second_value),
            false
        ) as is_flagged,
        first_value is not null and second_value is not null as is_checkable,
        first_value,
        second_value,
        as_of_at,
        as_of_on
    from compared

)

select * from judged
