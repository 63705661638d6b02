"""The monthly report: one sheet for the owner. Month, changes, one sentence per line, a comment.

Sentences come from the signs of the changes alone: no cause is invented. Long: a line of the sheet
is a short function of its own.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

import streamlit as st

from dashboards import filters, overview_restated, parts, tables
from dashboards.overview_today import (
    F2_DAYS,
    MONTHS,
    REPEATS,
    STEPS,
    YEAR,
    is_small,
    newest_effect,
    year_total,
)
from dashboards.page import Page
from dashboards.snapshot import Difference, Filters, Rate
from dashboards.text import Cell

ABANDONMENT: Final = "rpt_cart_abandonment"
STATUSES: Final = "rpt_customer_statuses"
WATERFALL: Final = "rpt_recovery_waterfall"
BRIDGE: Final = "rpt_recovery_bridge"
MONTHS_OFFERED: Final = 24
# First buyers of this many months before have had their 90 days when the month ends.
REPEAT_LAG: Final = 3
# A change smaller than this is called level: the half of what is printed.
LEVEL: Final = 0.0005
UNKNOWN: Final = Rate(None, None, None, None, None)

Row = dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """One line of the sheet. `year` is the figure of twelve months, for a small shop."""

    label: str
    value: Cell
    previous: Cell = field(default=Cell("—"))
    last_year: Cell = field(default=Cell("—"))
    said: str = ""
    year: Cell = field(default=Cell("—"))


def months_before(month: dt.date, count: int) -> dt.date:
    """First day of the month so many months earlier."""
    place = month.year * 12 + month.month - 1 - count
    return dt.date(place // 12, place % 12 + 1, 1)


def show(page: Page) -> None:
    """Choice of the month, comment, button, sheet."""
    words = page.words
    if not page.snapshot.has(MONTHS):
        parts.empty(words, "empty.months")
        return
    rows = page.snapshot.read(MONTHS, {"measure_key": "orders"}, order_by=("-shop_month",))
    months = {f"{row['shop_month']:%Y-%m}": row for row in rows.to_dicts()[:MONTHS_OFFERED]}
    whole = [key for key, row in months.items() if not row["is_running"]]
    chosen = filters.choose(
        page,
        "month",
        list(months),
        word=lambda key: month_name(page, months[key]),
        default=(whole or list(months))[0],
    )
    comment = st.text_area(
        words("report.comment"),
        key="overview_comment",
        placeholder=words("report.comment.hint"),
        max_chars=600,
        height=80,
    )
    print_sheet(page, months[chosen], comment=comment)


def print_sheet(page: Page, month: Row, *, comment: str) -> None:
    """The sheet, the button that prints it, and the same figures as a file."""
    words = page.words
    entries = entries_of(page, month)
    has_year = is_small(page)
    name = f"{words('overview.view.report')}_{month['shop_month']:%Y-%m}"
    parts.print_button(words("report.print"), name)
    st.html(sheet(page, month, entries, comment=comment, has_year=has_year))
    with st.container(horizontal=True):
        parts.download(
            page, "month", head_of(page, has_year=has_year), body_of(entries, has_year=has_year)
        )
        parts.receipt(
            page,
            "month",
            [
                parts.Metric(words("measure.repeat.period"), REPEATS, "repeat_rate"),
                parts.Metric(words("measure.abandoned_of_opened"), ABANDONMENT, "abandonment_rate"),
                parts.Metric(words("measure.unsubscribes"), STEPS, "unsubscribe_rate"),
            ],
        )


def month_name(page: Page, row: Row) -> str:
    """`2026/10`, the running month marked."""
    name = page.words.month(row["shop_month"])
    return page.words("report.running", month=name) if row["is_running"] else name


def entries_of(page: Page, month: Row) -> list[Entry]:
    """Every line this shop has figures for, in the order of the sheet."""
    found: list[Entry | None] = [
        counted(page, month, "revenue"),
        counted(page, month, "orders"),
        counted(page, month, "new_buyers", adds_up=False),
        counted(page, month, "returning_buyers", adds_up=False),
        repeat(page, month),
        of_months(page, month, "abandoned_of_opened", unit="cart"),
        counted(page, month, "recovered_amount"),
        incremental(page),
        of_months(page, month, "unsubscribes", unit="message"),
        dormant(page, month),
    ]
    return [entry for entry in found if entry is not None]


def counted(page: Page, month: Row, measure: str, *, adds_up: bool = True) -> Entry | None:
    """A count or an amount with its changes in percent."""
    words = page.words
    where: Filters = {"shop_month": month["shop_month"], "measure_key": measure}
    rows = page.snapshot.read(MONTHS, where).to_dicts()
    if not rows:
        return None
    row = rows[0]
    row["is_comparable"] = row["is_comparable"] and carries_change(page, row)
    names = ("previous", "last_year")
    changes = {n: row[f"{n}_change_rate"] if row["is_comparable"] else None for n in names}
    return Entry(
        words(f"measure.{measure}"),
        Cell(words.number(row["measure_value"])),
        Cell(words.change(changes["previous"])),
        Cell(words.change(changes["last_year"])),
        said_of(page, row, {key: direction(change) for key, change in changes.items()}),
        Cell(words.number(year_total(page, measure))) if adds_up else Cell("—"),
    )


def carries_change(page: Page, row: Row) -> bool:
    """Whether so many stand behind a figure that its change says something.

    An amount earned by mails rests on the orders it is made of.
    """
    if row["measure_key"] not in ("recovered_amount", "new_buyers", "returning_buyers"):
        return True
    count = row["measure_value"]
    if row["measure_key"] == "recovered_amount":
        period = f"{row['shop_month']:%Y-%m}"
        where: Filters = {"period_key": period, "campaign_key": "all", "line_key": "ordered"}
        count = page.snapshot.total(BRIDGE, where, column="order_count")
    return int(count or 0) >= page.words.small_n


def direction(change: float | None) -> str | None:
    """`up`, `down` or `level`; None where nothing is compared."""
    if change is None:
        return None
    return "level" if abs(change) < LEVEL else "up" if change > 0 else "down"


def said_of(page: Page, month: Row, directions: dict[str, str | None]) -> str:
    """One sentence made of the signs of the changes, or why there is none."""
    words = page.words
    if month["is_running"]:
        return words("said.running")
    if not month["is_mature"]:
        return words("said.window")
    if is_small(page):
        # The sheet says once why nothing is compared.
        return ""
    if not month["is_comparable"]:
        return words("said.small")
    known = {key: way for key, way in directions.items() if way is not None}
    if not known:
        return words("said.no_past")
    if len(known) > 1 and len(set(known.values())) == 1:
        said = words(f"said.both.{known['previous']}")
    else:
        said = words.raw("said.join").join(words(f"said.{k}.{way}") for k, way in known.items())
    return words("said.end", said=said[0].upper() + said[1:])


def rated(
    page: Page,
    month: Row,
    label: str,
    *,
    of_month: Callable[[dt.date], Rate],
    unit: str,
    year: Rate = UNKNOWN,
) -> Entry:
    """A rate with its differences in points and their intervals."""
    words, this = page.words, month["shop_month"]
    value = of_month(this)
    differences = {
        key: page.snapshot.difference(value, of_month(months_before(this, back)))
        if month["is_comparable"]
        else Difference(None, None, None)
        for key, back in (("previous", 1), ("last_year", 12))
    }
    ways = {key: clear_direction(found) for key, found in differences.items()}
    return Entry(
        label,
        words.rate(value, unit),
        words.points(differences["previous"]),
        words.points(differences["last_year"]),
        said_of(page, month, ways),
        words.rate(year, unit),
    )


def clear_direction(difference: Difference) -> str | None:
    """`up` or `down` where the interval leaves 0 out, else `noise`."""
    if difference.low is None or difference.high is None:
        return None
    return "up" if difference.low > 0 else "down" if difference.high < 0 else "noise"


def repeat(page: Page, month: Row) -> Entry | None:
    """F2 conversion of those whose 90 days ended with the month."""
    if not page.snapshot.has(REPEATS):
        return None
    first = page.words.month(months_before(month["shop_month"], REPEAT_LAG))

    def of_period(period: str) -> Rate:
        where: Filters = {"period_key": period, "from_order_no": 1, "within_days": F2_DAYS}
        rows = page.snapshot.read(REPEATS, where).to_dicts()
        return page.snapshot.rate(REPEATS, "repeat_rate", rows[0]) if rows else UNKNOWN

    def of_month(at: dt.date) -> Rate:
        return of_period(f"{months_before(at, REPEAT_LAG):%Y-%m}")

    small = is_small(page)
    label = page.words("measure.repeat.period" if small else "measure.repeat", month=first)
    entry = rated(page, month, label, of_month=of_month, unit="person", year=of_period(YEAR))
    if small and entry.value.main != "—":
        whose = page.words("measure.repeat.of", month=first)
        return replace(entry, value=replace(entry.value, detail=f"{entry.value.detail}\n{whose}"))
    return entry


def of_months(page: Page, month: Row, measure: str, *, unit: str) -> Entry | None:
    """A rate the mart keeps as a count and what it is a share of."""
    snapshot = page.snapshot

    def counted_in(at: dt.date) -> Rate:
        rows = snapshot.read(MONTHS, {"shop_month": at, "measure_key": measure}).to_dicts()
        return ratio(rows[0]["measure_value"], rows[0]["base_value"]) if rows else UNKNOWN

    def ratio(count: Any, base: Any) -> Rate:
        return snapshot.ratio(None if count is None else int(count), int(base or 0))

    where: Filters = {"shop_month": month["shop_month"], "measure_key": measure}
    own = snapshot.read(MONTHS, where).to_dicts()
    if not own:
        return None
    flags = {name: own[0][name] for name in ("is_mature", "is_comparable")}
    return rated(
        page,
        {**month, **flags},
        page.words(f"measure.{measure}"),
        of_month=counted_in,
        unit=unit,
        year=ratio(year_total(page, measure), year_total(page, measure, "base_value")),
    )


def dormant(page: Page, month: Row) -> Entry | None:
    """Customers who had gone dormant by the month's end; a count of people is not estimated.

    They are counted on the first day of the month after, and for the running month as of now.
    """
    words, this = page.words, month["shop_month"]
    if not page.snapshot.has(STATUSES):
        return None

    def count_after(at: dt.date) -> int | None:
        where: Filters = {"version_month": months_before(at, -1), "is_now": False}
        if month["is_running"] and at == this:
            where = {"is_now": True}
        rows = page.snapshot.read(STATUSES, {**where, "purchase_status": "dormant"}).to_dicts()
        return int(rows[0]["person_count"]) if rows else None

    past = {
        key: count_after(months_before(this, back))
        for key, back in (("previous", 1), ("last_year", 12))
    }
    known = [
        words(f"said.was.{key}", people=parts.people_or_few(page, value))
        for key, value in past.items()
        if value is not None
    ]
    said = words("said.end", said=words.raw("said.join").join(known)) if known else ""
    value = Cell(parts.people_or_few(page, count_after(this)))
    return Entry(words("measure.dormant"), value, said=said)


def incremental(page: Page) -> Entry | None:
    """What a held-out group says the mails brought, or that nobody measured it."""
    words = page.words
    if not page.snapshot.has(STEPS):
        return None
    label, row = words("measure.incremental"), newest_effect(page)
    if row is None:
        held: Filters = {"period_key": "all", "terminal_state": "held_out"}
        is_held = page.snapshot.has(WATERFALL) and page.snapshot.total(WATERFALL, held)
        return Entry(
            label, Cell("—"), said=words(f"said.{'too_early' if is_held else 'unmeasured'}")
        )
    found = Difference(
        row["outcome_rate_difference"], row["difference_low"], row["difference_high"]
    )
    people = words("report.people", value=words.signed(row["extra_person_count"]))
    value = Cell(people, words.signed_money(row["extra_revenue_amount"]))
    said = words("said.measured", difference=words.points(found).text)
    return Entry(label, value, said=said)


def head_of(page: Page, *, has_year: bool) -> list[str]:
    """Heads of the columns: a small shop has twelve months and the month, no changes."""
    names = ("year", "value") if has_year else ("value", "previous", "last_year")
    return [page.words("report.measure"), *(page.words(f"report.{name}") for name in names)]


def body_of(entries: list[Entry], *, has_year: bool) -> list[tables.Row]:
    """Cells of the sheet as a file holds them, the sentence last."""
    return [[entry.label, *cells_of(entry, has_year=has_year), entry.said] for entry in entries]


def cells_of(entry: Entry, *, has_year: bool) -> list[Cell]:
    """The figures of one line."""
    if has_year:
        return [entry.year, entry.value]
    return [entry.value, entry.previous, entry.last_year]


def sheet(page: Page, month: Row, entries: list[Entry], *, comment: str, has_year: bool) -> str:
    """The sheet of paper as HTML: what is printed, and nothing else is."""
    words, facts = page.words, page.snapshot.facts
    heads = head_of(page, has_year=has_year)
    width = len(heads)
    body = "".join(
        f'<tr><th scope="row">{tables.escaped(entry.label)}</th>'
        + "".join(f"<td>{tables.written(c)}</td>" for c in cells_of(entry, has_year=has_year))
        + "</tr>"
        + f'<tr class="said"><td colspan="{width}">{tables.escaped(entry.said)}</td></tr>'
        for entry in entries
    )
    columns = "".join(f'<th scope="col">{tables.escaped(head)}</th>' for head in heads)
    title = words("report.title", month=month_name(page, month))
    about = words("report.head", shop=facts.shop_name, instant=words.instant(facts.as_of_at))
    few = f"<p>{words('report.few', n=words.small_n)}</p>" if has_year else ""
    said = f"<h3>{words('report.comment.head')}</h3>" + "".join(
        f"<p>{tables.escaped(line)}</p>" for line in comment.splitlines() if line.strip()
    )
    restated = "".join(
        f'<p class="ok-note">{tables.escaped(line)}</p>'
        for line in overview_restated.lines(page, month["shop_month"])
    )
    return (
        f'<section class="ok-report"><h2>{tables.escaped(title)}</h2>'
        f'<p class="ok-note">{tables.escaped(about)}</p>{few}'
        f'<table class="ok-table"><thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table>'
        f"{said if comment.strip() else ''}"
        f'{restated}<p class="ok-note">{words("report.basis")}</p></section>'
    )
