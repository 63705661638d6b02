{#
    When a step of a sequence is due. CTEs from a CTE `steps` to a CTE `timed`, beside a CTE
    `done_steps`. `steps`, one row per sequence and step, brings shop_id, campaign_key, step_number,
    delay_minutes (of the arm, where it has its own) and the instant the delays count from; `timed`
    adds
      delay_ends_at     that instant and the delay
      spacing_ends_at   no sooner after the step before than the difference of the two delays; NULL
                        for the first
      due_at            the later of the two
    `keys`       columns that name whose sequence it is, beside shop and campaign
    `done_keys`  those of them that a done step is known by
    A step whose predecessor is not done has no row.
#}
{% macro step_timing(steps, counted_from, keys, done_keys) -%}

spaced as (

    select
        {{ steps }}.*,
        {{ add_minutes(steps ~ '.' ~ counted_from, steps ~ '.delay_minutes') }} as delay_ends_at,
        {{ add_minutes(
            'done_steps.done_at',
            'greatest(' ~ steps ~ '.delay_minutes - previous_steps.delay_minutes, 0)'
        ) }} as spacing_ends_at
    from {{ steps }}
    left join {{ steps }} as previous_steps
        on
            {{ steps }}.shop_id = previous_steps.shop_id
            and {{ steps }}.campaign_key = previous_steps.campaign_key
            {% for key in keys -%}
            and {{ steps }}.{{ key }} = previous_steps.{{ key }}
            {% endfor -%}
            and {{ steps }}.step_number = previous_steps.step_number + 1
    left join done_steps
        on
            previous_steps.shop_id = done_steps.shop_id
            and previous_steps.campaign_key = done_steps.campaign_key
            and previous_steps.step_number = done_steps.step_number
            {%- for key in done_keys %}
            and previous_steps.{{ key }} = done_steps.{{ key }}
            {%- endfor %}
    where
        {{ steps }}.step_number = 1
        or done_steps.done_at is not null

),

timed as (

    select
        *,
        greatest(delay_ends_at, coalesce(spacing_ends_at, delay_ends_at)) as due_at
    from spaced

)
{%- endmacro %}
