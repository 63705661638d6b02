{# Over 120 lines when compiled alone: each report's part is written by `report_cells`. #}
{%- set reports = [
    'rpt_browse_abandonment',
    'rpt_campaign_steps',
    'rpt_cart_abandonment',
    'rpt_checkout_steps',
    'rpt_cohort_retention',
    'rpt_form_errors',
    'rpt_reach',
    'rpt_recovery_bridge',
    'rpt_recovery_rules',
    'rpt_recovery_steps',
    'rpt_recovery_waterfall',
    'rpt_repeat_rate',
    'rpt_shop_months',
    'rpt_value_by_age',
] -%}

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

publications as (

    select * from {{ ref('int_publications__numbered') }}

),

landed_cells as (

    select * from {{ ref('stg_published_cells') }}

),

{% for report in reports -%}
{{ report }} as (

    select * from {{ ref(report) }}

),

{% endfor -%}
-- Spans that end with the running month, and all of time, move by themselves: months alone settle.
months as (

    select
        periods.shop_id,
        periods.period_key,
        periods.first_month,
        {{ add_months_on('periods.first_month', '1') }} as next_month,
        periods.is_running,
        as_of.as_of_on,
        -- The last day's cart has then expired, its last mail was due, and its window has passed.
        settings.cart_expiry_days + settings.catch_up_days + settings.recovery_window_days
            as cart_days
    from periods
    inner join as_of
        on periods.shop_id = as_of.shop_id
    inner join settings
        on periods.shop_id = settings.shop_id
    where periods.period_kind = 'month'

),

watched_columns as (
    {% for report in reports %}
    {{ watched_columns(report) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

figures as (
    {% for report in reports %}
    {{ report_cells(report) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

known_cells as (

    select
        landed_cells.shop_id,
        landed_cells.publication_no,
        landed_cells.report_key,
        landed_cells.key_columns,
        landed_cells.cell_key,
        landed_cells.column_name,
        landed_cells.cell_month,
        landed_cells.cell_value,
        row_number() over (
            partition by
                landed_cells.shop_id,
                landed_cells.report_key,
                landed_cells.key_columns,
                landed_cells.cell_key,
                landed_cells.column_name
            order by landed_cells.publication_no desc
        ) as version_rank
    from landed_cells
    inner join publications
        on
            landed_cells.shop_id = publications.shop_id
            and landed_cells.publication_no = publications.publication_no

),

newest_cells as (

    select * from known_cells
    where version_rank = 1

),

running_build as (

    select * from publications
    where is_running_build

),

-- A figure is said for the first time once it has settled, and watched ever after.
said_anew as (

    select
        running_build.shop_id,
        running_build.publication_no,
        figures.report_key,
        figures.key_columns,
        figures.cell_key,
        figures.column_name,
        figures.cell_month,
        figures.cell_value
    from running_build
    inner join figures
        on running_build.shop_id = figures.shop_id
    left join newest_cells
        on
            figures.shop_id = newest_cells.shop_id
            and figures.report_key = newest_cells.report_key
            and figures.key_columns = newest_cells.key_columns
            and figures.cell_key = newest_cells.cell_key
            and figures.column_name = newest_cells.column_name
    where
        figures.is_watched
        and case
            when newest_cells.shop_id is null then figures.is_settled
            else figures.cell_value is distinct from newest_cells.cell_value
        end

),

-- Its row is gone: nothing is said any more where something was.
said_no_more as (

    select
        running_build.shop_id,
        running_build.publication_no,
        newest_cells.report_key,
        newest_cells.key_columns,
        newest_cells.cell_key,
        newest_cells.column_name,
        newest_cells.cell_month,
        cast(null as decimal(18, 4)) as cell_value
    from running_build
    inner join newest_cells
        on running_build.shop_id = newest_cells.shop_id
    -- A column that is watched no longer, or a row that is named another way, is not gone.
    inner join watched_columns
        on
            newest_cells.report_key = watched_columns.report_key
            and newest_cells.key_columns = watched_columns.key_columns
            and newest_cells.column_name = watched_columns.column_name
    left join figures
        on
            newest_cells.shop_id = figures.shop_id
            and newest_cells.report_key = figures.report_key
            and newest_cells.key_columns = figures.key_columns
            and newest_cells.cell_key = figures.cell_key
            and newest_cells.column_name = figures.column_name
            and figures.is_watched
    where
        figures.shop_id is null
        and newest_cells.cell_value is not null

),

said as (

    select
        shop_id,
        publication_no,
        report_key,
        key_columns,
        cell_key,
        column_name,
        cell_month,
        cell_value
    from known_cells

    union all

    select * from said_anew

    union all

    select * from said_no_more

)

select * from said
