{#
    CTEs `at_risk` and `waiting` over rows of one length of wait each (`gap_days`, `gap_count`, and of
    those `finished_count`): who still waited when that length was reached, and the share still
    waiting after it, the product of 1 - finished / at risk, by logarithms. Events come before
    censorings of the same day. Source: Kaplan and Meier 1958, JASA 53; Greenwood's sum beside it.
#}
{% macro kaplan_meier(counted, partition) -%}
at_risk as (

    select
        *,
        sum(gap_count) over (
            partition by {{ partition }}
            order by gap_days desc
        ) as at_risk_count
    from {{ counted }}

),

logged as (

    select
        *,
        max(case when finished_count = at_risk_count then 1 else 0 end) over (
            partition by {{ partition }}
            order by gap_days asc
        ) = 1 as has_nobody_left,
        sum(
            case
                when finished_count < at_risk_count
                    then ln(1.0 - cast(finished_count as double) / at_risk_count)
                else 0.0
            end
        ) over (
            partition by {{ partition }}
            order by gap_days asc
        ) as log_waiting,
        sum(
            case
                when finished_count < at_risk_count
                    then
                        cast(finished_count as double)
                        / at_risk_count / (at_risk_count - finished_count)
                else 0.0
            end
        ) over (
            partition by {{ partition }}
            order by gap_days asc
        ) as greenwood_sum
    from at_risk

),

waiting as (

    select
        *,
        case when has_nobody_left then 0.0 else exp(log_waiting) end as waiting_rate
    from logged

)
{%- endmacro %}
