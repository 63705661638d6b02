"""リピート: who orders again, by when, where they stop, and who has gone quiet."""

from functools import partial
from typing import Any

from dashboards import access, filters, layout, parts, retention_curve, retention_tables, what_if
from dashboards.page import Page
from dashboards.parts import Card, Metric
from dashboards.retention_curve import SURVIVAL
from dashboards.retention_tables import INTERVALS, REPEATS, STATUSES, YEAR
from dashboards.snapshot import Filters
from dashboards.text import Cell

RETURNING = "rpt_returning_customers"
# The spans of the sentence and of the first number: long enough for goods bought twice a year.
LONG, SHORT = 180, 90

Row = dict[str, Any]


def f2_rate(page: Page, *, days: int) -> Cell:
    """Persons with a second order within so many days of the first, over twelve months."""
    where: Filters = {"period_key": YEAR, "from_order_no": 1, "within_days": days}
    rows = page.snapshot.read(REPEATS, where).to_dicts()
    if not rows:
        return Cell("—")
    return page.words.rate(page.snapshot.rate(REPEATS, "repeat_rate", rows[0]), "person")


def returning(page: Page) -> Card:
    """Of the customers of twelve months, those who had ordered before."""
    words = page.words
    rows = []
    if RETURNING in page.snapshot.columns:
        rows = page.snapshot.read(RETURNING, {"period_key": YEAR}).to_dicts()
    cell = Cell("—")
    if rows:
        rate = page.snapshot.rate(RETURNING, "returning_customer_share", rows[0])
        cell = words.rate(rate, "person")
    label = words("retention.card.returning", period=words.period(YEAR))
    return Card(label, cell, words("retention.card.returning.note"))


def numbers(page: Page) -> None:
    """The sentence, the two spans of the second order, returning customers, the median wait."""
    words = page.words
    period = words.period(YEAR)
    rates = {days: f2_rate(page, days=days) for days in (LONG, SHORT)}
    if rates[LONG].main == "—":
        parts.answer(words("retention.sentence.young", days=LONG))
    else:
        told = rates[LONG].text
        parts.answer(words("retention.sentence", period=period, days=LONG, rate=told))
    entries = [
        Card(
            words("retention.card.f2", days=days, period=period),
            cell,
            words("retention.card.none") if cell.main == "—" else "",
        )
        for days, cell in rates.items()
    ]
    parts.cards([*entries, returning(page), retention_curve.half(page)])
    label = words("retention.card.f2", days=LONG, period=period)
    metrics = [Metric(label, REPEATS, "repeat_rate")]
    if RETURNING in page.snapshot.columns:
        shown = words("retention.card.returning", period=period)
        metrics.append(Metric(shown, RETURNING, "returning_customer_share"))
    if SURVIVAL in page.snapshot.columns:
        label = words("retention.curve")
        metrics.append(Metric(label, SURVIVAL, "returned_rate"))
    parts.receipt(page, "numbers", metrics)


def show(page: Page) -> None:
    """Sentence, numbers, curve, then the views; by month where a month has enough people."""
    if not page.snapshot.has(REPEATS):
        parts.answer(page.words("retention.sentence.young", days=LONG))
        parts.empty(page.words, "empty.retention")
        return
    numbers(page)
    retention_curve.show(page)
    views = {
        "steps": retention_tables.steps,
        "months": retention_tables.months,
        "intervals": retention_tables.intervals,
        "status": retention_tables.status,
        "what_if": what_if.show,
    }
    needed = {"intervals": INTERVALS, "status": STATUSES}
    left_out = {name for name, table in needed.items() if not page.snapshot.has(table)}
    if what_if.WHAT_IF not in page.snapshot.columns:
        left_out.add("what_if")
    if not retention_tables.large_months(page):
        left_out.add("months")
    shown = {name: partial(view, page) for name, view in views.items() if name not in left_out}
    filters.tabs(page, "view", shown)


viewer = access.guard()
show(layout.open_page("retention", viewer))
