{# Arithmetic on instants (`_at`, UTC) and calendar dates (`_on`). Elapsed time, never a zone. #}

{% macro add_minutes(instant, minutes) -%}
    {{ adapter.dispatch('add_minutes')(instant, minutes) }}
{%- endmacro %}

{% macro default__add_minutes(instant, minutes) -%}
    ({{ instant }} + to_minutes(cast({{ minutes }} as bigint)))
{%- endmacro %}

{% macro spark__add_minutes(instant, minutes) -%}
    timestampadd(minute, cast({{ minutes }} as int), {{ instant }})
{%- endmacro %}

{% macro add_hours(instant, hours) -%}
    {{ adapter.dispatch('add_hours')(instant, hours) }}
{%- endmacro %}

{% macro default__add_hours(instant, hours) -%}
    ({{ instant }} + to_hours(cast({{ hours }} as bigint)))
{%- endmacro %}

{% macro spark__add_hours(instant, hours) -%}
    timestampadd(hour, cast({{ hours }} as int), {{ instant }})
{%- endmacro %}

{# Days of 24 hours after an instant. #}
{% macro add_days(instant, days) -%}
    {{ adapter.dispatch('add_days')(instant, days) }}
{%- endmacro %}

{% macro default__add_days(instant, days) -%}
    ({{ instant }} + to_days(cast({{ days }} as integer)))
{%- endmacro %}

{% macro spark__add_days(instant, days) -%}
    timestampadd(day, cast({{ days }} as int), {{ instant }})
{%- endmacro %}

{# Calendar months after an instant, clipped to the end of the month. #}
{% macro add_months(instant, months) -%}
    {{ adapter.dispatch('add_months')(instant, months) }}
{%- endmacro %}

{% macro default__add_months(instant, months) -%}
    ({{ instant }} + to_months(cast({{ months }} as integer)))
{%- endmacro %}

{% macro spark__add_months(instant, months) -%}
    timestampadd(month, cast({{ months }} as int), {{ instant }})
{%- endmacro %}

{# Date so many days after a date: DuckDB's date plus interval is a timestamp, hence the cast. #}
{% macro add_days_on(calendar_date, days) -%}
    {{ adapter.dispatch('add_days_on')(calendar_date, days) }}
{%- endmacro %}

{% macro default__add_days_on(calendar_date, days) -%}
    cast({{ calendar_date }} + to_days(cast({{ days }} as integer)) as date)
{%- endmacro %}

{% macro spark__add_days_on(calendar_date, days) -%}
    date_add({{ calendar_date }}, cast({{ days }} as int))
{%- endmacro %}

{# Date so many calendar months after a date, clipped to the end of the month. #}
{% macro add_months_on(calendar_date, months) -%}
    {{ adapter.dispatch('add_months_on')(calendar_date, months) }}
{%- endmacro %}

{% macro default__add_months_on(calendar_date, months) -%}
    cast({{ calendar_date }} + to_months(cast({{ months }} as integer)) as date)
{%- endmacro %}

{% macro spark__add_months_on(calendar_date, months) -%}
    add_months({{ calendar_date }}, cast({{ months }} as int))
{%- endmacro %}

{# First day of the month of a date. #}
{% macro month_of(calendar_date) -%}
    {{ adapter.dispatch('month_of')(calendar_date) }}
{%- endmacro %}

{% macro default__month_of(calendar_date) -%}
    cast(date_trunc('month', {{ calendar_date }}) as date)
{%- endmacro %}

{% macro spark__month_of(calendar_date) -%}
    cast(trunc({{ calendar_date }}, 'MM') as date)
{%- endmacro %}

{# Whole elapsed seconds from one instant to another. #}
{% macro seconds_between(started_at, ended_at) -%}
    {{ adapter.dispatch('seconds_between')(started_at, ended_at) }}
{%- endmacro %}

{% macro default__seconds_between(started_at, ended_at) -%}
    datesub('second', {{ started_at }}, {{ ended_at }})
{%- endmacro %}

{% macro spark__seconds_between(started_at, ended_at) -%}
    timestampdiff(second, {{ started_at }}, {{ ended_at }})
{%- endmacro %}

{# Whole elapsed minutes from one instant to another. #}
{% macro minutes_between(started_at, ended_at) -%}
    {{ adapter.dispatch('minutes_between')(started_at, ended_at) }}
{%- endmacro %}

{% macro default__minutes_between(started_at, ended_at) -%}
    datesub('minute', {{ started_at }}, {{ ended_at }})
{%- endmacro %}

{% macro spark__minutes_between(started_at, ended_at) -%}
    timestampdiff(minute, {{ started_at }}, {{ ended_at }})
{%- endmacro %}

{# Whole elapsed days of 24 hours between two instants, or days between two dates. #}
{% macro days_between(started, ended) -%}
    {{ adapter.dispatch('days_between')(started, ended) }}
{%- endmacro %}

{% macro default__days_between(started, ended) -%}
    datesub('day', {{ started }}, {{ ended }})
{%- endmacro %}

{% macro spark__days_between(started, ended) -%}
    timestampdiff(day, {{ started }}, {{ ended }})
{%- endmacro %}

{# Calendar months from the month of one date to the month of another. #}
{% macro months_between(first_on, last_on) -%}
    {{ adapter.dispatch('months_between')(first_on, last_on) }}
{%- endmacro %}

{% macro default__months_between(first_on, last_on) -%}
    datediff('month', {{ first_on }}, {{ last_on }})
{%- endmacro %}

{% macro spark__months_between(first_on, last_on) -%}
    cast(
        (year({{ last_on }}) - year({{ first_on }})) * 12 + month({{ last_on }}) - month({{ first_on }})
        as bigint
    )
{%- endmacro %}
