{#
    May a message go to this place? CTEs from a CTE `weighed` (a place at a moment × what had been said
    by then of its person on the channel) to a CTE `judged`, one row per `keys`, with
      gate_number   the first gate that stops it: 1 erased, 2 no_address, 3 no_consent, 4 unsubscribed,
                    5 complaint, 6 hard_bounce, 7 manual_block; 8 passes
      granted_at    latest consent to this place
    `weighed` brings the keys and is_erased, has_address, asked_purpose, statement_kind,
    statement_purpose, is_explicit, is_own_place, is_in_force, stated_at.
    Consent holds for its own place only; a refusal at any place binds the person on the channel. Cart
    mail is advertising: it needs marketing's consent or its own, and falls with marketing's. At one
    instant a denial beats a grant.
#}
{% macro contact_gates(keys) -%}

addressed as (

    select
        *,
        coalesce(statement_purpose in ('marketing', asked_purpose), false) as is_about_this
    from weighed

),

gathered as (

    select
        {{ keys | join(',\n        ') }},
        is_erased,
        has_address,
        max(case when statement_kind = 'grant' and is_own_place and is_about_this then stated_at end)
            as granted_at,
        max(
            case
                when
                    statement_kind = 'grant' and is_own_place and is_explicit and is_about_this
                    then stated_at
            end
        ) as explicit_grant_at,
        max(case when statement_kind = 'denial' and is_own_place and is_about_this then stated_at end)
            as own_denial_at,
        max(
            case
                when
                    is_about_this
                    and (
                        statement_kind = 'unsubscribe'
                        or (statement_kind = 'denial' and not is_own_place)
                    )
                    then stated_at
            end
        ) as refused_at,
        max(case when statement_kind = 'erased' then 1 else 0 end) = 1 as was_erased,
        max(case when statement_kind = 'complaint' then 1 else 0 end) = 1 as has_complained,
        max(
            case when statement_kind = 'hard_bounce' and is_own_place and is_in_force then 1 else 0 end
        ) = 1 as has_bounced,
        max(case when statement_kind = 'manual_block' and is_in_force then 1 else 0 end) = 1
            as is_blocked
    from addressed
    group by
        {{ keys | join(',\n        ') }},
        is_erased,
        has_address

),

judged as (

    select
        *,
        case
            when is_erased or was_erased then 1
            when not has_address then 2
            when granted_at is null then 3
            when own_denial_at is not null and coalesce(explicit_grant_at <= own_denial_at, true)
                then 3
            when refused_at is not null and coalesce(explicit_grant_at <= refused_at, true) then 4
            when has_complained then 5
            when has_bounced then 6
            when is_blocked then 7
            else 8
        end as gate_number
    from gathered

)
{%- endmacro %}
