{#
    Same message, said once: campaign / step / channel / occurrence, without version or arm, so that
    neither a new version nor another arm writes to anybody twice.
#}
{% macro dedupe_key(campaign_key, step_number, channel, occurrence_key) -%}
    {{ campaign_key }} || '/' || cast({{ step_number }} as string) || '/' || {{ channel }}
    || '/' || {{ occurrence_key }}
{%- endmacro %}
