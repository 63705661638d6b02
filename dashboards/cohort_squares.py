"""The squares of the cohort page: rows of the marts as coloured cells, hatched where young."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboards import parts
from dashboards.page import Page
from dashboards.parts import Metric
from dashboards.snapshot import Filters, Rate
from dashboards.tables import HeatCell, HeatRow
from dashboards.text import Cell

TABLE = "rpt_cohort_retention"
VALUES = "rpt_value_by_age"
# Whom the page asks about: those who first bought.
BASIS = "first_order"
# What the squares of money hold; in-or-later has no amount of its own.
AMOUNTS = {
    "cumulative": "cumulative_revenue_per_person_amount",
    "classic": "revenue_per_person_amount",
}
LAST_PERIOD = 12
NEWEST_COHORTS = 24
ON_A_PHONE = 6
RATE = "retention_rate"

Row = dict[str, Any]


@dataclass(frozen=True)
class View:
    """What the squares hold: who counts, how months are cut, what is written, whose rows."""

    variant: str
    unit: str
    show: str
    grain: str


def amounts_of(page: Page, *, grain: str, unit: str, variant: str) -> list[Row]:
    """The same cells with revenue per person, first order included."""
    where: Filters = {
        "cohort_basis": BASIS,
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
        "cohort_basis": BASIS,
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


@dataclass(frozen=True)
class Scale:
    """The values drawn palest and deepest: rates begin at 0, money at the least of the table."""

    palest: float
    deepest: float

    def shade(self, value: float) -> float:
        """0..1; what few people stand behind may lie outside."""
        width = self.deepest - self.palest
        return min(1.0, max(0.0, (value - self.palest) / width)) if width > 0 else 0.0


def scale_of(page: Page, rows: Sequence[Row], *, show: str) -> Scale:
    """Ends of the colours: a cell of few people must not pale all the others."""
    measure = "amount" if show == "amount" else RATE
    large = [row for row in rows if row["exposed_person_count"] >= page.words.small_n]
    found = [row[measure] for row in large if row[measure] is not None]
    return Scale(min(found, default=0.0) if show == "amount" else 0.0, max(found, default=0.0))


def square(page: Page, row: Row, *, show: str, scale: Scale) -> HeatCell:
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
    shade = scale.shade(value)
    return HeatCell(Cell(main, detail, is_small=n < words.small_n), shade, is_young)


def heat_rows(
    page: Page, pooled: Sequence[Row], cohorts: Sequence[Row], *, show: str, grain: str
) -> list[HeatRow]:
    """The pooled row, then one row per cohort, newest first."""
    words = page.words
    scale = scale_of(page, (*pooled, *cohorts), show=show)
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
            _squares(page, group, show=show, scale=scale),
            is_pooled=is_pooled,
            is_old=place > ON_A_PHONE,
        )
        for place, (label, group, is_pooled) in enumerate(groups)
    ]


def _squares(page: Page, group: Sequence[Row], *, show: str, scale: Scale) -> tuple[HeatCell, ...]:
    """One square per period; an empty one where no row says anything yet."""
    by_period = {row["period_number"]: row for row in group}
    return tuple(
        square(page, by_period[n], show=show, scale=scale) if n in by_period else HeatCell(Cell(""))
        for n in range(1, LAST_PERIOD + 1)
    )


def cells(page: Page, view: View, *, grain: str) -> list[Row]:
    """Cells of one grain as the view wants them."""
    read = amounts_of if view.show == "amount" else rows_of
    return read(page, grain=grain, unit=view.unit, variant=view.variant)


def show(page: Page, pooled: Sequence[Row], view: View) -> None:
    """The table of cohorts with what it needs to be read."""
    words = page.words
    cohorts = cells(page, view, grain=view.grain) if view.grain != "pooled" else []
    parts.title(words(f"cohort.table.{view.grain}"))
    if view.show == "amount":
        parts.note(words("cohort.amount.note"))
    rows = heat_rows(page, pooled, cohorts, show=view.show, grain=view.grain)
    table, column = (VALUES, AMOUNTS[view.variant]) if view.show == "amount" else (TABLE, RATE)
    metrics = [Metric(words(f"show.{view.show}"), table, column)]
    head = [words("cohort.head"), words("cohort.size")]
    head += [words("cohort.period", n=n) for n in range(1, LAST_PERIOD + 1)]
    parts.heat(page, "cohorts", head, rows, metrics=metrics)
    parts.note(words("cohort.legend"))
    if view.variant == "on_or_after":
        parts.note(words("cohort.growing"))
