"""コホート: of the people who first bought in a month, who came back, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from dashboards import access, charts, filters, layout, parts, tables
from dashboards.page import Page
from dashboards.parts import Card, Metric
from dashboards.snapshot import Filters, Rate
from dashboards.tables import HeatCell, HeatRow
from dashboards.text import Cell

TABLE = "rpt_cohort_retention"
VALUES = "rpt_value_by_age"
# What the squares of money hold; in-or-later has no amount of its own.
AMOUNTS = {
    "cumulative": "cumulative_revenue_per_person_amount",
    "classic": "revenue_per_person_amount",
}
VARIANTS = ("cumulative", "classic", "on_or_after")
UNITS = ("calendar_month", "days_30")
GRAINS = ("month", "quarter", "pooled")
# Months shown as numbers: soon, a season, half a year; a year needs the whole history.
MILESTONES = (1, 3, 6)
YEAR = 12
LAST_PERIOD = 12
NEWEST_COHORTS = 24
ON_A_PHONE = 6
RATE = "retention_rate"

Row = dict[str, Any]


def amounts_of(page: Page, *, grain: str, unit: str, variant: str) -> list[Row]:
    """The same cells with revenue per person, first order included."""
    where: Filters = {
        "cohort_grain": grain,
        "period_unit": unit,
        "period_number >": 0,
        "period_number <=": LAST_PERIOD,
    }
    order = ("-cohort_month", "period_number")
    rows = page.snapshot.read(VALUES, where, order_by=order).to_dicts()
    return [{**row, "amount": row[AMOUNTS[variant]]} for row in rows]


def rows_of(page: Page, *, grain: str, unit: str, variant: str) -> list[Row]:
    """Cells of one grain, newest cohort first, periods ascending from 1."""
    filters: Filters = {
        "cohort_grain": grain,
        "period_unit": unit,
        "variant": variant,
        "period_number >": 0,
        "period_number <=": LAST_PERIOD,
    }
    order = ("-cohort_month", "period_number")
    return page.snapshot.read(TABLE, filters, order_by=order, rates=(RATE,)).to_dicts()


def rate_of(row: Row) -> Rate:
    """The rate of one cell as it was read."""
    return Rate(
        row["retained_person_count"],
        row["exposed_person_count"],
        row[RATE],
        row[f"{RATE}_low"],
        row[f"{RATE}_high"],
    )


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


def square(page: Page, row: Row, *, show: str, deepest: float) -> HeatCell:
    """One cell: its rate, its people or their money, hatched while not everybody has got so far.

    The pooled row always holds young cohorts: it says its n in every cell and is not hatched.
    """
    words, n = page.words, int(row["exposed_person_count"])
    if not n:
        return HeatCell(Cell(""))
    is_pooled = str(row["cohort_grain"]).startswith("pooled")
    is_young = bool(row["is_partial"]) and not is_pooled
    detail = f"n={n:,}" if is_pooled else ""
    if is_young:
        whole = f"{row['cohort_person_count']:,}"
        detail = words("cohort.partial", all=whole, n=f"{n:,}")
    is_hidden = n < int(page.snapshot.settings["hide_below"])
    if show == "amount":
        main, value = words.number(row["amount"]), row["amount"] or 0.0
        few = words("cohort.few.amount", n=n)
    else:
        k, value = int(row["retained_person_count"]), row[RATE]
        main = words.percent(value) if show == "rate" else f"{k:,}"
        few = words("cohort.few", k=k, n=n)
    if is_hidden:
        return HeatCell(Cell(few, detail, is_small=True), None, is_young)
    shade = min(1.0, value / deepest) if deepest else 0.0
    return HeatCell(Cell(main, detail, is_small=n < words.small_n), shade, is_young)


def heat_rows(
    page: Page, pooled: Sequence[Row], cohorts: Sequence[Row], *, show: str, grain: str
) -> list[HeatRow]:
    """The pooled row, then one row per cohort, newest first."""
    words = page.words
    # A cell of few people must not pale all the others.
    large = [r for r in (*pooled, *cohorts) if r["exposed_person_count"] >= words.small_n]
    measure = "amount" if show == "amount" else RATE
    deepest = max((row[measure] or 0.0 for row in large), default=0.0)
    by_cohort: dict[Any, list[Row]] = {}
    for row in cohorts:
        by_cohort.setdefault(row["cohort_month"], []).append(row)
    groups = [(words("cohort.pooled_12"), list(pooled), True)] if pooled else []
    for month, group in list(by_cohort.items())[:NEWEST_COHORTS]:
        label = words.month(month) if grain == "month" else words.quarter(month)
        groups.append((label, group, False))
    return [
        HeatRow(
            label,
            words.count(group[0]["cohort_person_count"], "person"),
            _squares(page, group, show=show, deepest=deepest),
            is_pooled=is_pooled,
            is_old=place > ON_A_PHONE,
        )
        for place, (label, group, is_pooled) in enumerate(groups)
    ]


def _squares(
    page: Page, group: Sequence[Row], *, show: str, deepest: float
) -> tuple[HeatCell, ...]:
    """One square per period; an empty one where no row says anything yet."""
    by_period = {row["period_number"]: row for row in group}
    return tuple(
        square(page, by_period[n], show=show, deepest=deepest)
        if n in by_period
        else HeatCell(Cell(""))
        for n in range(1, LAST_PERIOD + 1)
    )


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


def curve(page: Page, pooled: Sequence[Row], view: "View") -> None:
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
        return here | {"value": amount, "low": amount, "high": amount, "tip": tip}
    return here | {
        "value": row[RATE],
        "low": row[f"{RATE}_low"],
        "high": row[f"{RATE}_high"],
        "tip": words.rate(rate_of(row), "person").text,
    }


@dataclass(frozen=True)
class View:
    """What the squares hold: who counts, how months are cut, what is written, whose rows."""

    variant: str
    unit: str
    show: str
    grain: str


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


def cells(page: Page, view: View, *, grain: str) -> list[Row]:
    """Cells of one grain as the view wants them."""
    read = amounts_of if view.show == "amount" else rows_of
    return read(page, grain=grain, unit=view.unit, variant=view.variant)


def squares(page: Page, pooled: Sequence[Row], view: View) -> None:
    """The table of cohorts with what it needs to be read."""
    words = page.words
    cohorts = cells(page, view, grain=view.grain) if view.grain != "pooled" else []
    parts.title(words(f"cohort.table.{view.grain}"))
    if view.show == "amount":
        parts.note(words("cohort.amount.note"))
    rows = heat_rows(page, pooled, cohorts, show=view.show, grain=view.grain)
    head = [words("cohort.head"), words("cohort.size")]
    head += [words("cohort.period", n=n) for n in range(1, LAST_PERIOD + 1)]
    st.html(tables.heat(head, rows))
    parts.note(words("cohort.legend"))
    if view.variant == "on_or_after":
        parts.note(words("cohort.growing"))
    plain: list[tables.Row] = [
        [row.label, row.size, *(s.cell for s in row.squares)] for row in rows
    ]
    parts.download(page, "cohorts", head, plain)


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
    pooled = cells(page, view, grain="pooled_12")
    curve(page, pooled, view)
    squares(page, pooled, view)


viewer = access.guard()
show(layout.open_page("cohorts", viewer))
