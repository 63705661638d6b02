"""コホート: of the people who first bought in a month, who came back, and when."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboards import access, charts, layout, tables
from dashboards.layout import Card, Metric, Page
from dashboards.snapshot import Filters, Rate
from dashboards.tables import HeatCell, HeatRow
from dashboards.text import Cell

TABLE = "rpt_cohort_retention"
VARIANTS = ("cumulative", "classic", "on_or_after")
UNITS = ("calendar_month", "days_30")
# Months shown as numbers: soon, a season, half a year; a year needs the whole history.
MILESTONES = (1, 3, 6)
YEAR = 12
LAST_PERIOD = 12
NEWEST_COHORTS = 24
ON_A_PHONE = 6
RATE = "retention_rate"

Row = dict[str, Any]


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
    """One cell: its rate or its people, hatched while not everybody has got so far.

    The pooled row always holds young cohorts: it says its n in every cell and is not hatched.
    """
    words, rate = page.words, rate_of(row)
    if rate.value is None:
        return HeatCell(Cell(""))
    k, n = int(row["retained_person_count"]), int(row["exposed_person_count"])
    is_pooled = str(row["cohort_grain"]).startswith("pooled")
    is_young = bool(row["is_partial"]) and not is_pooled
    detail = f"n={n:,}" if is_pooled else ""
    if is_young:
        whole = f"{row['cohort_person_count']:,}"
        detail = words("cohort.partial", all=whole, n=f"{n:,}")
    if n < int(page.snapshot.settings["hide_below"]):
        return HeatCell(Cell(words("cohort.few", k=k, n=n), detail, is_small=True), None, is_young)
    main = words.percent(rate.value) if show == "rate" else f"{k:,}"
    shade = rate.value / deepest if deepest else 0.0
    return HeatCell(Cell(main, detail, is_small=n < words.small_n), shade, is_young)


def heat_rows(
    page: Page, pooled: Sequence[Row], cohorts: Sequence[Row], *, show: str, grain: str
) -> list[HeatRow]:
    """The pooled row, then one row per cohort, newest first."""
    words = page.words
    values = [row[RATE] for row in (*pooled, *cohorts) if row[RATE] is not None]
    deepest = max(values, default=0.0)
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
        layout.answer(words("cohort.sentence.young", months=3))
    else:
        rate = words.rate(three, "person").text
        layout.answer(words("cohort.sentence", period=period, months=3, rate=rate))
    entries = []
    for months in MILESTONES:
        cell = words.rate(rate_of(at[months]), "person") if months in at else Cell("—")
        note = words("cohort.card.none") if cell.main == "—" else ""
        entries.append(Card(words("cohort.card", months=months), cell, note))
    entries.append(year_card(page, unit=unit))
    layout.cards(entries)
    label = f"{words('cohort.show')}: {words(f'unit.{unit}')}"
    layout.receipt(page, "numbers", [Metric(label, TABLE, RATE)])


def year_card(page: Page, *, unit: str) -> Card:
    """Who came back within a year, of everybody who has had one."""
    words = page.words
    whole = rows_of(page, grain="pooled_all", unit=unit, variant="cumulative")
    found = [rate_of(row) for row in whole if row["period_number"] == YEAR]
    cell = words.rate(found[0], "person") if found else Cell("—")
    note = words("cohort.card.none") if cell.main == "—" else ""
    return Card(words("cohort.card.all", months=YEAR), cell, note)


def curve(page: Page, pooled: Sequence[Row], *, variant: str) -> None:
    """The pooled row as a line with its interval."""
    words = page.words
    name = words(f"variant.{variant}")
    layout.title(words("cohort.chart", period=words.period("trailing_12")))
    points = [
        {
            "x": str(row["period_number"]),
            "series": name,
            "value": row[RATE],
            "low": row[f"{RATE}_low"],
            "high": row[f"{RATE}_high"],
            "tip": words.rate(rate_of(row), "person").text,
        }
        for row in pooled
        if row[RATE] is not None
    ]
    st.altair_chart(
        charts.rate_lines(points, series=[name], x_title=words("cohort.chart.x")),
        theme=None,
        key="cohorts_curve",
    )
    layout.note(words("cohort.chart.note"))


def switches(page: Page) -> tuple[str, str, str]:
    """Variant, unit and what the squares show, chosen in words."""
    words = page.words
    with st.container(horizontal=True):
        variant = st.segmented_control(
            words("cohort.variant"),
            VARIANTS,
            default="cumulative",
            format_func=lambda key: words(f"variant.{key}"),
            key="cohorts_variant",
            required=True,
            wrap=True,
        )
        unit = st.segmented_control(
            words("cohort.unit"),
            UNITS,
            default="calendar_month",
            format_func=lambda key: words(f"unit.{key}"),
            key="cohorts_unit",
            required=True,
        )
        show = st.segmented_control(
            words("cohort.show"),
            ("rate", "people"),
            default="rate",
            format_func=lambda key: words(f"show.{key}"),
            key="cohorts_show",
            required=True,
        )
    return str(variant), str(unit), str(show)


def squares(page: Page, pooled: Sequence[Row], *, variant: str, unit: str, show: str) -> None:
    """The table of cohorts with what it needs to be read."""
    words = page.words
    grain = grain_that_carries(page, unit=unit, variant=variant)
    cohorts = [] if grain == "pooled" else rows_of(page, grain=grain, unit=unit, variant=variant)
    layout.title(words("cohort.table.quarter" if grain == "quarter" else "cohort.table"))
    if grain == "quarter":
        layout.note(words("cohort.quarterly"))
    if grain == "pooled":
        layout.note(words("cohort.pooled_only"))
    rows = heat_rows(page, pooled, cohorts, show=show, grain=grain)
    head = [words("cohort.head"), words("cohort.size")]
    head += [words("cohort.period", n=n) for n in range(1, LAST_PERIOD + 1)]
    st.html(tables.heat(head, rows))
    layout.note(words("cohort.legend"))
    if variant == "on_or_after":
        layout.note(words("cohort.growing"))
    plain: list[tables.Row] = [
        [row.label, row.size, *(s.cell for s in row.squares)] for row in rows
    ]
    layout.download(page, "cohorts", head, plain)


def show(page: Page) -> None:
    """Sentence, numbers, curve, squares."""
    if not page.snapshot.has(TABLE):
        layout.answer(page.words("cohort.sentence.young", months=3))
        layout.empty(page.words, "empty.cohorts")
        return
    head = st.container()
    variant, unit, shown = switches(page)
    with head:
        numbers(page, unit=unit)
    pooled = rows_of(page, grain="pooled_12", unit=unit, variant=variant)
    curve(page, pooled, variant=variant)
    squares(page, pooled, variant=variant, unit=unit, show=shown)


viewer = access.guard()
show(layout.open_page("cohorts", viewer))
