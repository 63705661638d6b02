"""コホート: of the people who first bought in a month, who came back, and when."""

from collections.abc import Sequence

import streamlit as st

from dashboards import access, charts, cohort_squares, filters, layout, parts
from dashboards.cohort_squares import AMOUNTS, RATE, TABLE, VALUES, Row, View, rate_of, rows_of
from dashboards.page import Page
from dashboards.parts import Card, Metric
from dashboards.text import Cell

VARIANTS = ("cumulative", "classic", "on_or_after")
UNITS = ("calendar_month", "days_30")
GRAINS = ("month", "quarter", "pooled")
# Months shown as numbers: soon, a season, half a year; a year needs the whole history.
MILESTONES = (1, 3, 6)
YEAR = 12


def grain_that_carries(page: Page, *, unit: str, variant: str) -> str:
    """Months if at least half of the cohorts have enough people, else quarters, else none."""
    for grain in ("month", "quarter"):
        sizes = {
            row["cohort_month"]: row["cohort_person_count"]
            for row in rows_of(page, grain=grain, unit=unit, variant=variant)
        }
        large = [size for size in sizes.values() if size >= page.words.small_n]
        if sizes and len(large) * 2 >= len(sizes):
            return grain
    return "pooled"


def numbers(page: Page, *, unit: str) -> None:
    """The sentence and the milestones of the pooled row, always cumulative."""
    words = page.words
    pooled = rows_of(page, grain="pooled_12", unit=unit, variant="cumulative")
    period = words.period("trailing_12")
    at = {row["period_number"]: row for row in pooled}
    three = rate_of(at[3]) if 3 in at else None
    if three is None or three.value is None:
        parts.answer(words("cohort.sentence.young", months=3))
    else:
        rate = words.rate(three, "person").text
        parts.answer(words("cohort.sentence", period=period, months=3, rate=rate))
    entries = []
    for months in MILESTONES:
        cell = words.rate(rate_of(at[months]), "person") if months in at else Cell("—")
        note = words("cohort.card.none") if cell.main == "—" else ""
        entries.append(Card(words("cohort.card", months=months), cell, note))
    entries.append(year_card(page, unit=unit))
    parts.cards(entries)
    label = f"{words('filter.unit')}: {words(f'unit.{unit}')}"
    parts.receipt(page, "numbers", [Metric(label, TABLE, RATE)])


def year_card(page: Page, *, unit: str) -> Card:
    """Who came back within a year, of everybody who has had one."""
    words = page.words
    whole = rows_of(page, grain="pooled_all", unit=unit, variant="cumulative")
    found = [rate_of(row) for row in whole if row["period_number"] == YEAR]
    cell = words.rate(found[0], "person") if found else Cell("—")
    note = words("cohort.card.none") if cell.main == "—" else ""
    return Card(words("cohort.card.all", months=YEAR), cell, note)


def curve(page: Page, pooled: Sequence[Row], view: View) -> None:
    """The pooled row as a line: a rate with its interval, or revenue per person."""
    words = page.words
    name = words(f"variant.{view.variant}")
    kind = "amount" if view.show == "amount" else "rate"
    heading = words(f"cohort.chart.{kind}", period=words.period("trailing_12"))
    parts.title(heading)
    drawn = [row for row in pooled if row["exposed_person_count"] >= words.small_n]
    points = [point(page, row, name, kind=kind) for row in drawn]
    if not points:
        parts.note(words("cohort.chart.few", n=words.small_n))
        return
    lines = charts.rate_lines(
        points,
        series=[name],
        x_title=words("cohort.chart.x"),
        format_="%" if kind == "rate" else ",d",
    )
    parts.chart(page, "curve", lines, about=heading)
    parts.note(words("cohort.chart.note"))


def point(page: Page, row: Row, name: str, *, kind: str) -> Row:
    """One point of the line; money has no interval."""
    words = page.words
    here: Row = {"x": str(row["period_number"]), "series": name}
    if kind == "amount":
        amount = row["amount"]
        tip = f"{words.money(amount)} n={row['exposed_person_count']:,}"
        shown = Cell(words.money(amount), f" n={row['exposed_person_count']:,}")
        return here | {"value": amount, "low": amount, "high": amount, "tip": tip, "cell": shown}
    return here | {
        "value": row[RATE],
        "low": row[f"{RATE}_low"],
        "high": row[f"{RATE}_high"],
        "tip": words.rate(rate_of(row), "person").text,
        "cell": words.rate(rate_of(row), "person"),
    }


def choose_view(page: Page) -> View:
    """Variant, unit, measure and rows, chosen in words."""
    words = page.words

    def one(name: str, options: Sequence[str], *, default: str | None = None) -> str:
        return filters.choose(
            page, name, options, word=lambda key: words(f"{name}.{key}"), default=default
        )

    with st.container(horizontal=True):
        variant = one("variant", VARIANTS)
        unit = one("unit", UNITS)
        shows = ("rate", "people", "amount")
        has_amounts = variant in AMOUNTS and page.snapshot.has(VALUES)
        show = one("show", shows if has_amounts else shows[:2])
        carries = grain_that_carries(page, unit=unit, variant=variant)
        grain = one("grain", GRAINS, default=carries)
    if grain == carries != GRAINS[0]:
        parts.note(words(f"cohort.because.{grain}", n=words.small_n))
    return View(variant, unit, show, grain)


def show(page: Page) -> None:
    """Sentence, numbers, curve, squares."""
    if not page.snapshot.has(TABLE):
        parts.answer(page.words("cohort.sentence.young", months=3))
        parts.empty(page.words, "empty.cohorts")
        return
    head = st.container()
    view = choose_view(page)
    with head:
        numbers(page, unit=view.unit)
    pooled = cohort_squares.cells(page, view, grain="pooled_12")
    curve(page, pooled, view)
    cohort_squares.show(page, pooled, view)


viewer = access.guard()
show(layout.open_page("cohorts", viewer))
