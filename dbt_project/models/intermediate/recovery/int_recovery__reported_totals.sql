{# Long for its explicit list of totals. #}

with

as_of as (

    select * from {{ ref('int_run__as_of') }}

),

settings as (

    select * from {{ ref('int_run__settings') }}

),

periods as (

    select * from {{ ref('int_run__periods') }}

),

reports as (

    select * from {{ ref('int_recovery__newest_reports') }}

),

messages as (

    select distinct
        shop_id,
        campaign_key
    from {{ ref('int_messages__reported') }}

),

-- Where single messages are known, a mailer's totals are audited but not reported twice.
without_messages as (

    select
        reports.*,
        {{ add_days_on('reports.period_ends_on', 'settings.recovery_window_days') }}
        < as_of.as_of_on as is_mature
    from reports
    inner join as_of
        on reports.shop_id = as_of.shop_id
    inner join settings
        on reports.shop_id = settings.shop_id
    left join messages
        on
            reports.shop_id = messages.shop_id
            and reports.campaign_key = messages.campaign_key
    where messages.campaign_key is null

),

step_spans as (

    select distinct
        shop_id,
        campaign_key,
        period_starts_on as span_starts_on,
        period_ends_on as span_ends_on
    from without_messages
    where coalesce(step_number, 0) > 0

),

-- A line of the whole campaign beside lines of its steps says the same once more.
repeated_totals as (

    select distinct
        without_messages.shop_id,
        without_messages.provider,
        without_messages.provider_campaign_id
    from without_messages
    inner join step_spans
        on
            without_messages.shop_id = step_spans.shop_id
            and without_messages.campaign_key = step_spans.campaign_key
            and without_messages.period_starts_on <= step_spans.span_ends_on
            and without_messages.period_ends_on >= step_spans.span_starts_on
    where coalesce(without_messages.step_number, 0) = 0

),

single_reports as (

    select without_messages.*
    from without_messages
    left join repeated_totals
        on
            without_messages.shop_id = repeated_totals.shop_id
            and without_messages.provider = repeated_totals.provider
            and without_messages.provider_campaign_id = repeated_totals.provider_campaign_id
    where repeated_totals.shop_id is null

),

-- Totals cannot be cut: they stand in every period that holds all of theirs.
in_periods as (

    select
        periods.period_key,
        single_reports.*
    from single_reports
    inner join periods
        on
            single_reports.shop_id = periods.shop_id
            and (
                periods.period_kind = 'all'
                or (
                    {{ month_of('single_reports.period_starts_on') }} >= periods.first_month
                    and {{ month_of('single_reports.period_ends_on') }} <= periods.last_month
                )
            )

),

by_step as (

    select
        *,
        coalesce(step_number, 0) as reported_step
    from in_periods

    union all

    -- The total adds persons who ordered from several steps twice: a mailer's totals know no persons.
    select
        *,
        cast(0 as bigint) as reported_step
    from in_periods
    where coalesce(step_number, 0) > 0

),

summed_up as (

    select
        shop_id,
        period_key,
        campaign_key,
        reported_step as step_number,
        is_mature,
        -- A line that does not give a count leaves the total of it unknown, not smaller.
        {%- for report_count in [
            'sent_count', 'delivered_count', 'bounce_count', 'open_count', 'click_count',
            'orderer_count', 'order_count', 'unsubscribe_count', 'complaint_count'
        ] %}
        cast(case when count({{ report_count }}) = count(*) then sum({{ report_count }}) end as bigint)
            as {{ {
                'bounce_count': 'bounced_count',
                'open_count': 'opener_count',
                'click_count': 'clicker_count',
            }.get(report_count, report_count) }},
        {%- endfor %}
        cast(
            case when count(recovered_amount) = count(*) then sum(recovered_amount) end
            as decimal(18, 4)
        ) as recovered_amount
    from by_step
    group by
        shop_id,
        period_key,
        campaign_key,
        reported_step,
        is_mature

)

select * from summed_up
