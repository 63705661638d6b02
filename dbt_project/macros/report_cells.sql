{#
    Figures of one report that publications are held to, one row per row of it and watched column.
    Which they are is said by the report itself, in `config.meta`: `restated` names a row's columns,
    its month, and when it has settled; `watched_columns` says which columns count.
#}
{% macro report_cells(report) -%}
    {%- for model in (graph.nodes or {}).values() if model.name == report -%}
    {%- set about = model.config.meta.restated -%}
    {%- set names = about.key | reject('equalto', about.mature) | list -%}
    select
        {{ report }}.shop_id,
        watched_columns.report_key,
        watched_columns.key_columns,
        {% for name in names -%}
            {{ "|| '|' || " if not loop.first }}coalesce(cast({{ report }}.{{ name }} as string), '')
        {% endfor -%}
        as cell_key,
        watched_columns.column_name,
        months.first_month as cell_month,
        {{ report ~ '.' ~ about.mature if about.mature in about.key else 'true' }} as is_watched,
        {% if about.mature -%}
        min(case when {{ report }}.{{ about.mature }} then 1 else 0 end) over (
            partition by
                {% for name in names -%}
                {{ report }}.{{ name }},
                {% endfor -%}
                {{ report }}.shop_id, watched_columns.column_name
        ) = 1
        {%- else -%}
        true
        {%- endif %}
        {%- if about.settled_days %}
        {%- set holder = report if about.settled_days in model.columns else 'months' %}
        and months.as_of_on
        > {{ add_days_on('months.next_month', holder ~ '.' ~ about.settled_days) }}
        {%- endif %} as is_settled,
        case watched_columns.column_name
            {%- for column_name in restated_columns(model).split() %}
            when '{{ column_name }}' then cast({{ report }}.{{ column_name }} as decimal(18, 4))
            {%- endfor %}
        end as cell_value
    from {{ report }}
    inner join months
        on
            {{ report }}.shop_id = months.shop_id
            and substr(cast({{ report }}.{{ about.month }} as string), 1, 7) = months.period_key
    inner join watched_columns
        on watched_columns.report_key = '{{ report }}'
    where
        not months.is_running
        {%- for column_name, values in (about.only or {}).items() %}
        and {{ report }}.{{ column_name }} in ('{{ values | join("', '") }}')
        {%- endfor %}
    {%- endfor -%}
{%- endmacro %}

{# The watched columns of one report: one row each. #}
{% macro watched_columns(report) -%}
    {%- for model in (graph.nodes or {}).values() if model.name == report -%}
    {%- set about = model.config.meta.restated -%}
    {%- for column_name in restated_columns(model).split() %}
    select
        '{{ report }}' as report_key,
        '{{ about.key | reject('equalto', about.mature) | join('|') }}' as key_columns,
        '{{ column_name }}' as column_name
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {%- endfor -%}
{%- endmacro %}

{#
    Names of the columns of a report that a publication is held to: both parts of each rate or mean
    that is a quotient, which moves when one of them does, and what is marked `restated: true`.
#}
{% macro restated_columns(model) -%}
    {%- set names = [] -%}
    {%- for column in model.columns.values() -%}
        {%- set meta = column.config.meta or {} -%}
        {%- set metric = meta.metric if meta.metric and not meta.metric.kind else {} -%}
        {%- for name in [metric.numerator, metric.denominator, column.name if meta.restated] -%}
            {%- if name and name not in names -%}{%- do names.append(name) -%}{%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ names | sort | join(' ') }}
{%- endmacro %}
