"""購入手続き: how far carts came, step by step, and the form errors met on the way."""

from typing import Any, Final

import streamlit as st

from dashboards import charts, parts, tables
from dashboards.page import Page
from dashboards.parts import Metric

STEPS: Final = "rpt_checkout_steps"
ERRORS: Final = "rpt_form_errors"

Row = dict[str, Any]


def show(page: Page, period: str) -> None:
    """Carts that came as far as each step, who left there, and where forms failed."""
    words = page.words
    rows = page.snapshot.read(STEPS, {"period_key": period}, order_by=("step_number",)).to_dicts()
    parts.title(words("checkout.title", period=words.period(period)))
    if not rows:
        parts.note(words("checkout.none"))
        return
    bars: list[Row] = [
        {
            "stage": words(f"checkout.{row['step_key']}"),
            "count": row["reached_count"],
            "text": words.count(row["reached_count"], "cart"),
            "cell": words.count(row["reached_count"], "cart"),
        }
        for row in rows
    ]
    drawn = charts.steps(bars, title=words("axis.carts"))
    about = words("checkout.title", period=words.period(period))
    parts.chart(page, "checkout", drawn, about=about)
    steps_table(page, rows)
    errors_table(page, period)


def steps_table(page: Page, rows: list[Row]) -> None:
    """One row per step; the order itself is nobody's drop-off.

    A shop whose site reports no form errors has no column of them: none reported is not none.
    """
    words = page.words
    rates = {"drop_off": "drop_off_rate"}
    if page.snapshot.has(ERRORS):
        rates["errors"] = "form_error_rate"
    names = ("step", "reached", "continued", *rates)
    body = [step_row(page, row, list(rates.values())) for row in rows]
    metrics = [Metric(words(f"checkout.{name}"), STEPS, rate) for name, rate in rates.items()]
    parts.table(page, "checkout", [words(f"checkout.{n}") for n in names], body, metrics=metrics)
    parts.note(words("checkout.note"))


def step_row(page: Page, row: Row, rates: list[str]) -> tables.Row:
    """Carts that came so far and went on, and what happened to the others."""
    words, snapshot = page.words, page.snapshot
    name = words(f"checkout.{row['step_key']}")
    reached = words.count(row["reached_count"], "cart")
    if row["step_key"] == "ordered":
        return [name, reached, "—", *("—" for _ in rates)]
    continued = words.count(row["continued_count"], "cart")
    cells = [words.rate(snapshot.rate(STEPS, rate, row), "cart") for rate in rates]
    return [name, reached, continued, *cells]


def errors_table(page: Page, period: str) -> None:
    """Fields in which forms failed, most carts first."""
    words, snapshot = page.words, page.snapshot
    if not snapshot.has(ERRORS):
        return
    rows = snapshot.read(
        ERRORS, {"period_key": period}, order_by=("-cart_count", "field_name")
    ).to_dicts()
    if not rows:
        return
    names = ("field", "carts", "count", "ordered")
    body: list[tables.Row] = [
        [
            words.known("field", row["field_name"]),
            words.count(row["cart_count"], "cart"),
            words.number(row["error_count"]),
            words.rate(snapshot.rate(ERRORS, "ordered_rate", row), "cart"),
        ]
        for row in rows
    ]
    with st.expander(words("errors.title")):
        parts.table(page, "errors", [words(f"errors.{name}") for name in names], body)
