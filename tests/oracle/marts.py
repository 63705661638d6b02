"""Every mart the oracle knows: its key, and the function that says its rows."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter

from tests.oracle import (
    audit,
    behaviour_marts,
    behaviour_persons,
    bridge,
    browse,
    checks,
    days,
    deliverability,
    due,
    evidence,
    facts,
    lines,
    months,
    products,
    reports,
    retention,
    retention_customers,
    retention_groups,
    retention_waits,
    rules,
    segment_days,
    segment_marts,
    steps,
)
from tests.oracle.facts import Fact, Mart

NOTHING = 1e-12
STEP = ("campaign_key", "campaign_version")

FACTS: Mapping[str, Mart] = {
    "dim_persons": (("person_id",), behaviour_persons.dim_persons),
    "dim_campaign_arms": ((*STEP, "arm_key"), facts.dim_campaign_arms),
    "fct_orders": (("order_id",), facts.fct_orders),
    "fct_cart_episodes": (("episode_id",), facts.fct_cart_episodes),
    "fct_messages": (("message_id",), facts.fct_messages),
    "fct_recovery_outcomes": (("episode_id",), facts.fct_recovery_outcomes),
    "fct_arm_assignments": ((*STEP, "occurrence_key", "person_id"), facts.fct_arm_assignments),
    "fct_browse_abandonments": (("session_id",), browse.fct_browse_abandonments),
}
REPORTS: Mapping[str, Mart] = {
    "rpt_cart_abandonment": (
        ("period_key", "dimension", "dimension_value"),
        reports.rpt_cart_abandonment,
    ),
    "rpt_reach": (("period_key", "stage_order"), reports.rpt_reach),
    "rpt_recovery_waterfall": (
        ("period_key", "campaign_key", "dimension", "dimension_value", "terminal_state",
         "terminal_reason"),
        reports.rpt_recovery_waterfall,
    ),
    "rpt_campaign_steps": (
        ("period_key", *STEP, "step_number", "arm_key", "is_mature", "report_grain"),
        steps.rpt_campaign_steps,
    ),
    "rpt_recovery_steps": (
        ("period_key", *STEP, "step_number", "arm_key", "is_mature", "report_grain"),
        steps.rpt_recovery_steps,
    ),
    "rpt_recovery_rules": (
        ("period_key", "campaign_key", "rule_number"),
        rules.rpt_recovery_rules,
    ),
    "rpt_recovery_bridge": (
        ("period_key", "campaign_key", "line_number"),
        bridge.rpt_recovery_bridge,
    ),
    "rpt_recovery_times": (
        ("period_key", "order_kind", "measured_from", "bucket_number"),
        bridge.rpt_recovery_times,
    ),
    "rpt_handoff_delays": (
        ("period_key", "campaign_key", "step_number"),
        bridge.rpt_handoff_delays,
    ),
    "rpt_cart_products": (("period_key", "product_key"), products.rpt_cart_products),
    "rpt_checkout_steps": (("period_key", "step_number"), products.rpt_checkout_steps),
    "rpt_form_errors": (("period_key", "field_name"), products.rpt_form_errors),
    "rpt_browse_abandonment": (
        ("period_key", "abandonment_kind"),
        browse.rpt_browse_abandonment,
    ),
    "fct_shop_months": (("shop_month", "measure_key"), months.fct_shop_months),
    "rpt_shop_months": (("shop_month", "measure_key"), months.rpt_shop_months),
}  # fmt: skip
# A module with many marts of one field names its own part of this: its `MARTS`.
MARTS: Mapping[str, Mart] = {
    **FACTS,
    **REPORTS,
    **days.MARTS,
    **deliverability.MARTS,
    **due.MARTS,
    **evidence.MARTS,
    **checks.MARTS,
    **lines.MARTS,
    **audit.MARTS,
    **behaviour_marts.MARTS,
    **retention.MARTS,
    **retention_customers.MARTS,
    **retention_groups.MARTS,
    **retention_waits.MARTS,
    **segment_days.MARTS,
    **segment_marts.MARTS,
}


def relation_of(mart: str) -> str:
    """Where a mart stands, segments in a schema of their own."""
    return f"segments.{mart}" if mart.startswith("seg_") else f"marts.{mart}"


def difference(
    mart: str, expected: Sequence[Fact], built: Sequence[Fact]
) -> tuple[Fact | None, Fact | None] | None:
    """First row of one shop that differs, as the oracle and as the mart has it; None if none."""
    if not expected and not built:
        return None
    key = MARTS[mart][0]
    columns = sorted((expected or built)[0])
    oracle, warehouse = Counter(_frozen(expected, columns)), Counter(_frozen(built, columns))
    if oracle == warehouse:
        return None
    missing = [dict(zip(columns, row, strict=True)) for row in oracle - warehouse]
    extra = [dict(zip(columns, row, strict=True)) for row in warehouse - oracle]
    for row in list(missing):
        twin = next((other for other in extra if _is_near(row, other)), None)
        if twin is not None:
            missing.remove(row)
            extra.remove(twin)
    if not missing and not extra:
        return None

    def place(row: Fact) -> str:
        return repr([row[column] for column in key])

    first = min(place(row) for row in [*missing, *extra])
    return (
        next((row for row in missing if place(row) == first), None),
        next((row for row in extra if place(row) == first), None),
    )


def _is_near(row: Fact, other: Fact) -> bool:
    """Whether two rows differ in the ninth digit of a float alone: a tie is cut to either side."""
    return all(
        value == other[column]
        or (
            isinstance(value, float)
            and isinstance(other[column], float)
            and math.isclose(value, other[column], rel_tol=1e-8)
        )
        for column, value in row.items()
    )


def said(found: tuple[Fact | None, Fact | None]) -> str:
    """Both rows in full, then the columns that differ."""
    oracle, mart = found
    lines = [f"oracle: {oracle}", f"mart:   {mart}"]
    if oracle is not None and mart is not None:
        lines += [
            f"{column}: oracle {oracle[column]}, mart {mart[column]}"
            for column in oracle
            if _plain(oracle[column]) != _plain(mart[column])
        ]
    return "\n".join(lines)


def _plain(value: object) -> object:
    """Floats to nine digits: both sides compute them their own way, and nothing as 0 or nearly so."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.9g}") if abs(value) > NOTHING else 0.0


def _frozen(rows: Sequence[Fact], columns: Sequence[str]) -> Iterator[tuple[object, ...]]:
    values = itemgetter(*columns)
    for row in rows:
        given = values(row) if len(columns) > 1 else (values(row),)
        yield tuple([_plain(one) if one.__class__ is float else one for one in given])
