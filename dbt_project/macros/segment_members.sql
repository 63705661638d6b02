{#
    What no segment decides for itself. CTEs from a CTE `qualified` to a CTE `members` in the columns
    of the one contract: campaign, version, step, arm, when due, how long valid, and the key by which
    nobody is written to twice.
    `qualified`, one row per person and occurrence, brings shop_id, person_id, occurrence_key,
    qualified_at, reason_code, content_source, the columns of `facts`, and the start of the delays:
    counted_from_on (a date, from its first instant) or with `count_from='counted_from_at'` that instant.
    `by`     columns of the campaign's step a row must agree with (measured_from, campaign_key ...)
    `ends`   instant in `qualified` from which no step is valid any more
    The version is the newest one running at that start, so that a sequence keeps the version it
    began in. An arm on record beats the draw; its delay is the first step's. A first step shows up when
    the fastest arm is due, so that everybody's arm is on record from one moment on.
#}
{% macro segment_members(segment_key, facts, count_from='counted_from_on', by=[], ends=none) -%}

campaign_steps as (

    select * from {{ ref('dim_campaign_steps') }}
    where
        segment_key = '{{ segment_key }}'
        and is_active

),

campaign_arms as (

    select * from {{ ref('dim_campaign_arms') }}

),

fastest_arms as (

    select
        campaign_steps.shop_id,
        campaign_steps.campaign_key,
        campaign_steps.campaign_version,
        campaign_steps.step_number,
        min(coalesce(campaign_arms.delay_minutes, campaign_steps.delay_minutes))
            as fastest_delay_minutes
    from campaign_steps
    inner join campaign_arms
        on
            campaign_steps.shop_id = campaign_arms.shop_id
            and campaign_steps.campaign_key = campaign_arms.campaign_key
            and campaign_steps.campaign_version = campaign_arms.campaign_version
    where campaign_steps.step_number = 1
    group by
        campaign_steps.shop_id,
        campaign_steps.campaign_key,
        campaign_steps.campaign_version,
        campaign_steps.step_number

),

recorded_arms as (

    select
        *,
        row_number() over (
            partition by shop_id, campaign_key, campaign_version, person_id
            order by
                recorded_at,
                eligible_at,
                occurrence_key
        ) as record_no
    from {{ ref('fct_arm_assignments') }}
    where assignment_basis = 'recorded'

),

done_steps as (

    select * from {{ ref('fct_campaign_steps_done') }}

),

shop_clocks as (

    select
        shop_id,
        as_of_at
    from {{ ref('dim_shops') }}

),

{% if count_from == 'counted_from_on' -%}
calendar as (

    select
        shop_id,
        day_on,
        starts_at
    from {{ ref('dim_days') }}

),

{% endif -%}
started as (

    select
        qualified.*,
        {% if count_from == 'counted_from_on' -%}
        calendar.starts_at as counted_from_at,
        {% endif -%}
        shop_clocks.as_of_at
    from qualified
    inner join shop_clocks
        on qualified.shop_id = shop_clocks.shop_id
    {% if count_from == 'counted_from_on' -%}
    inner join calendar
        on
            qualified.shop_id = calendar.shop_id
            and qualified.counted_from_on = calendar.day_on
    {% endif %}

),

stepped as (

    select
        started.*,
        {% for column in ['campaign_key', 'campaign_version'] if column not in by -%}
        campaign_steps.{{ column }},
        {% endfor -%}
        campaign_steps.step_number,
        campaign_steps.channel,
        campaign_steps.delay_minutes as step_delay_minutes,
        campaign_steps.validity_hours,
        {{ assign_arm('campaign_steps.salt', 'started.shop_id', 'started.person_id') }} as draw_number,
        max(campaign_steps.campaign_version) over (
            partition by
                started.shop_id,
                started.person_id,
                started.occurrence_key,
                campaign_steps.campaign_key
        ) as newest_version
    from started
    inner join campaign_steps
        on
            started.shop_id = campaign_steps.shop_id
            {% for column in by -%}
            and started.{{ column }} = campaign_steps.{{ column }}
            {% endfor -%}
            and (
                campaign_steps.starts_at is null
                or campaign_steps.starts_at <= started.counted_from_at
            )
            and (campaign_steps.ends_at is null or campaign_steps.ends_at > started.counted_from_at)

),

-- What is on record of an occurrence stays; merged from several, a person goes on in the arm
-- recorded first.
armed as (

    select
        stepped.*,
        coalesce(kept_arms.arm_key, campaign_arms.arm_key) as arm_key,
        coalesce(kept_arms.is_holdout, campaign_arms.is_holdout, false) as is_held_out,
        fastest_arms.fastest_delay_minutes,
        -- An arm's delay is the first step's; the others keep theirs.
        case
            when stepped.step_number > 1 then stepped.step_delay_minutes
            when kept_arms.arm_key is null
                then coalesce(campaign_arms.delay_minutes, stepped.step_delay_minutes)
            else coalesce(kept_arms.delay_minutes, stepped.step_delay_minutes)
        end as delay_minutes
    from stepped
    left join campaign_arms
        on
            stepped.shop_id = campaign_arms.shop_id
            and stepped.campaign_key = campaign_arms.campaign_key
            and stepped.campaign_version = campaign_arms.campaign_version
            and stepped.draw_number >= campaign_arms.from_bp
            and stepped.draw_number < campaign_arms.to_bp
    left join fastest_arms
        on
            stepped.shop_id = fastest_arms.shop_id
            and stepped.campaign_key = fastest_arms.campaign_key
            and stepped.campaign_version = fastest_arms.campaign_version
            and stepped.step_number = fastest_arms.step_number
    left join recorded_arms as own_arms
        on
            stepped.shop_id = own_arms.shop_id
            and stepped.campaign_key = own_arms.campaign_key
            and stepped.campaign_version = own_arms.campaign_version
            and stepped.person_id = own_arms.person_id
            and stepped.occurrence_key = own_arms.occurrence_key
    left join recorded_arms as kept_arms
        on
            stepped.shop_id = kept_arms.shop_id
            and stepped.campaign_key = kept_arms.campaign_key
            and stepped.campaign_version = kept_arms.campaign_version
            and stepped.person_id = kept_arms.person_id
            and kept_arms.record_no = coalesce(own_arms.record_no, 1)
    where stepped.campaign_version = stepped.newest_version

),

{{ step_timing(
    'armed',
    counted_from='counted_from_at',
    keys=['campaign_version', 'person_id', 'occurrence_key'],
    done_keys=['person_id', 'occurrence_key']
) }},

ended as (

    select
        *,
        {{ add_minutes(
            'counted_from_at',
            'coalesce(least(delay_minutes, fastest_delay_minutes), delay_minutes)'
        ) }} as shows_at,
        {% if ends -%}
        least({{ add_hours('due_at', 'validity_hours') }}, {{ ends }}) as valid_until_at
        {%- else -%}
        {{ add_hours('due_at', 'validity_hours') }} as valid_until_at
        {%- endif %}
    from timed

),

members as (

    select {{ segment_columns('ended', facts) }}
    from ended
    where
        shows_at <= as_of_at
        and due_at < valid_until_at
        and valid_until_at > as_of_at

)
{%- endmacro %}

{# The columns of the one contract in their order, then a segment's own. #}
{% macro segment_columns(relation, facts) %}
        {%- for column in [
            'shop_id', 'person_id', 'campaign_key', 'campaign_version', 'step_number', 'arm_key',
            'channel', 'occurrence_key',
        ] %}
        {{ relation }}.{{ column }},
        {%- endfor %}
        {{ dedupe_key(
            relation ~ '.campaign_key', relation ~ '.step_number', relation ~ '.channel',
            relation ~ '.occurrence_key'
        ) }} as dedupe_key,
        {%- for column in [
            'qualified_at', 'due_at', 'valid_until_at', 'reason_code', 'is_held_out',
            'content_source',
        ] + facts %}
        {{ relation }}.{{ column }}{{ ',' if not loop.last }}
        {%- endfor -%}
{% endmacro %}

{# Names of the columns of up to three things a mail shows, for a list of facts. #}
{% macro item_facts() -%}
    {%- set names = [] -%}
    {%- for n in [1, 2, 3] -%}
        {%- for part in ['name', 'price', 'image_url', 'url'] -%}
            {%- do names.append('item_' ~ n ~ '_' ~ part) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(names + ['items_more']) }}
{%- endmacro %}
