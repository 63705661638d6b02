"""概況: is all well, what do I do today, how was the month?

Long: one short function per line, card and table of the page.
"""

import datetime as dt
from decimal import Decimal
from typing import Any, Final

import streamlit as st

from dashboards import access, charts, layout, tables
from dashboards.layout import Card, Metric, Page
from dashboards.snapshot import Filters
from dashboards.text import Cell

EPISODES: Final = "fct_cart_episodes"
MONTHS: Final = "rpt_shop_months"
REPEATS: Final = "rpt_repeat_rate"
STEPS: Final = "rpt_recovery_steps"
WATERFALL: Final = "rpt_recovery_waterfall"
YEAR: Final = "trailing_12"
SEASON: Final = "trailing_3"
F2_DAYS: Final = 90
# The large mailbox providers refuse senders above it (sender guidelines of Google and Yahoo, 2024).
COMPLAINT_LIMIT: Final = 0.003
WEEKS_COMPARED: Final = 4
# Lines of the monthly report, in their order.
MEASURES: Final = (
    "revenue",
    "orders",
    "new_buyers",
    "returning_buyers",
    "abandoned_carts",
    "recovered_amount",
    "unsubscribes",
)
MONTHS_DRAWN: Final = 13

Row = dict[str, Any]


def yesterday(page: Page) -> dt.date:
    """The last whole day on the shop's calendar."""
    as_of = page.words.local(page.snapshot.facts.as_of_at)
    return as_of.date() - dt.timedelta(days=1)


def abandoned_on(page: Page, day: dt.date) -> tuple[int, Decimal | int | None, str]:
    """Carts abandoned on a day, their value, and the mean of that weekday over four weeks."""
    snapshot = page.snapshot
    filters = {"abandoned_on": day}
    weeks = [day - dt.timedelta(weeks=week) for week in range(1, WEEKS_COMPARED + 1)]
    usual = snapshot.daily_mean(EPISODES, "abandoned_on", weeks)
    return (
        int(snapshot.total(EPISODES, filters) or 0),
        snapshot.total(EPISODES, filters, column="value_amount"),
        page.words.number(usual, decimals=1),
    )


def second_orders(page: Page) -> Cell:
    """F2 conversion of the last twelve months, with its interval."""
    if not page.snapshot.has(REPEATS):
        return Cell("—")
    rows = page.snapshot.read(
        REPEATS, {"period_key": YEAR, "from_order_no": 1, "within_days": F2_DAYS}
    ).to_dicts()
    if not rows:
        return Cell("—")
    return page.words.rate(page.snapshot.rate(REPEATS, "repeat_rate", rows[0]), "person")


def sentence(page: Page, *, has_carts: bool) -> None:
    """Yesterday's carts; without carts, who came back."""
    words = page.words
    if has_carts:
        day = yesterday(page)
        count, value, usual = abandoned_on(page, day)
        key = "overview.sentence.carts" if count else "overview.sentence.carts.none"
        layout.answer(
            words(
                key,
                day=words.day(day),
                count=words.count(count, "cart"),
                amount=words.money(value),
                mean=usual,
            )
        )
        return
    rate = second_orders(page)
    is_known = rate.main != "—"
    layout.answer(
        words("overview.sentence.orders", rate=rate.text)
        if is_known
        else words("overview.sentence.nothing")
    )


def fresh_line(page: Page) -> tuple[bool, str]:
    """Whether the figures are whole and every source is up to date."""
    words, as_of_at = page.words, page.snapshot.facts.as_of_at
    if page.snapshot.is_fallback:
        return False, words("overview.fresh.damaged")
    late = [
        words(f"source.{kind}")
        for kind, latest in layout.latest_data(page).items()
        if as_of_at - latest > layout.LATE_AFTER
    ]
    if late:
        return False, words("overview.fresh.late", names=" · ".join(late))
    return True, words("overview.fresh.ok", instant=words.instant(as_of_at))


def lists_line(page: Page) -> tuple[bool, str]:
    """How many segments have somebody due, and how many people in all lists."""
    words, snapshot = page.words, page.snapshot
    now = snapshot.facts.as_of_at.replace(tzinfo=None)
    due: Filters = {"due_at <=": now, "valid_until_at >": now, "is_held_out": False}
    parts = []
    for segment in snapshot.segments():
        size = snapshot.total(segment["model_name"], due, column="person_id", distinct=True)
        if size:
            title = str(segment.get("title", {}).get(words.language, segment["model_name"]))
            parts.append(f"{title} {words.count(size, 'person')}")
    if not parts:
        return True, words("overview.lists.none")
    lists = words.count(len(parts), "list")
    return True, words("overview.lists.some", lists=lists, people=" · ".join(parts))


def held_line(page: Page) -> tuple[bool, str]:
    """Unsubscribes and complaints of the last three months against the limit."""
    words, snapshot = page.words, page.snapshot
    if not snapshot.has(STEPS):
        return True, words("overview.held.unknown")
    whole: Filters = {"period_key": SEASON, "step_number": 0, "arm_key": "all"}
    counts = {
        name: snapshot.total(STEPS, whole, column=f"{name}_count")
        for name in ("sent", "unsubscribe", "complaint")
    }
    if not counts["sent"]:
        return True, words("overview.held.unknown")
    sent = int(counts["sent"])
    rates = {
        name: snapshot.ratio(None if counts[name] is None else int(counts[name] or 0), sent)
        for name in ("unsubscribe", "complaint")
    }
    complained = words.rate(rates["complaint"], "message").text
    if rates["complaint"].value is not None and rates["complaint"].value > COMPLAINT_LIMIT:
        return False, words("overview.held.complaints", complained=complained)
    unsubscribed = words.rate(rates["unsubscribe"], "message").text
    return True, words("overview.held.ok", unsubscribed=unsubscribed, complained=complained)


def numbers(page: Page, *, has_carts: bool) -> None:
    """Yesterday's carts, money after mails, F2, and how many people may be written to."""
    words = page.words
    layout.cards(
        [
            carts_card(page, has_carts=has_carts),
            recovered_card(page, has_carts=has_carts),
            Card(
                words("card.f2", period=words.period(YEAR)),
                second_orders(page),
            ),
            mailable_card(page),
        ]
    )
    metrics = [Metric(words("card.f2", period=words.period(YEAR)), REPEATS, "repeat_rate")]
    layout.receipt(page, "numbers", metrics)


def carts_card(page: Page, *, has_carts: bool) -> Card:
    """Carts abandoned yesterday."""
    words = page.words
    if not has_carts:
        return Card(words("card.yesterday"), Cell("—"), words("card.unknown"))
    count, value, usual = abandoned_on(page, yesterday(page))
    note = words("card.yesterday.detail", amount=words.money(value), mean=usual)
    return Card(words("card.yesterday"), Cell(words.count(count, "cart")), note)


def recovered_card(page: Page, *, has_carts: bool) -> Card:
    """Recovered amount of the last twelve months, and whether its effect is measured."""
    words, snapshot = page.words, page.snapshot
    label = words("card.recovered", period=words.period(YEAR))
    if not snapshot.has(STEPS):
        return Card(label, Cell("—"), words("card.unknown"))
    whole: Filters = {"period_key": YEAR, "step_number": 0, "arm_key": "all", "is_mature": True}
    amount = snapshot.total(STEPS, whole, column="recovered_amount")
    is_held_out = has_carts and bool(
        snapshot.total(
            WATERFALL,
            {"period_key": YEAR, "campaign_key": "all", "terminal_state": "held_out"},
            column="episode_count",
        )
    )
    note = words("card.unmeasured.held" if is_held_out else "card.unmeasured")
    return Card(label, Cell(words.money(amount)), note)


def mailable_card(page: Page) -> Card:
    """Persons who may be written to today."""
    words = page.words
    value = None
    if page.snapshot.has(MONTHS):
        found = page.snapshot.read(
            MONTHS, {"measure_key": "mailable_persons"}, order_by=("-shop_month",)
        )
        value = found["measure_value"][0] if found.height else None
    note = "" if value is not None else words("card.unknown")
    return Card(words("card.mailable"), Cell(words.count(value, "person")), note)


def month_chart(page: Page) -> None:
    """Revenue by month of order, new and returning customers."""
    words = page.words
    series = {
        "new_revenue": words("series.new"),
        "returning_revenue": words("series.returning"),
    }
    rows = page.snapshot.read(
        MONTHS, {"measure_key": list(series)}, order_by=("shop_month", "measure_key")
    ).to_dicts()
    newest = sorted({row["shop_month"] for row in rows})[-MONTHS_DRAWN:]
    layout.title(words("overview.chart"))
    is_yen = words.language == "ja" and words.currency == "JPY"
    points = [
        {
            "month": month_label(page, row),
            "series": series[row["measure_key"]],
            "place": list(series).index(row["measure_key"]),
            "amount": words.axis_money(row["measure_value"]),
            "tip": f"{words.month(row['shop_month'])} {series[row['measure_key']]}"
            f" {words.money(row['measure_value'])}",
        }
        for row in rows
        if row["shop_month"] in newest
    ]
    title = words("axis.revenue" if is_yen else "axis.revenue.other")
    st.altair_chart(
        charts.stacked_months(points, series=series, title=title),
        theme=None,
        key="overview_months",
    )
    layout.note(f"* {words('period.running')}")


def month_label(page: Page, row: Row) -> str:
    """`2026/10`, the running month marked."""
    return page.words.month(row["shop_month"]) + ("*" if row["is_running"] else "")


def month_report(page: Page) -> None:
    """One month's lines with the month before and the month a year before."""
    words, snapshot = page.words, page.snapshot
    rows = snapshot.read(MONTHS, {"measure_key": "revenue"}, order_by=("-shop_month",)).to_dicts()
    months = {row["shop_month"]: bool(row["is_running"]) for row in rows[:MONTHS_DRAWN]}
    whole = [month for month, is_running in months.items() if not is_running]
    month = st.selectbox(
        words("axis.month"),
        list(months),
        index=list(months).index(whole[0]) if whole else 0,
        format_func=lambda m: (
            words("month.running", month=words.month(m)) if months[m] else words.month(m)
        ),
        key="overview_month",
        width=220,
    )
    layout.title(words("month.table", month=words.month(month)))
    found = snapshot.read(MONTHS, {"shop_month": month, "measure_key": MEASURES}).to_dicts()
    by_key = {row["measure_key"]: row for row in found}
    body: list[tables.Row] = [
        [
            words(f"measure.{key}"),
            words.number(by_key[key]["measure_value"]),
            change(page, by_key[key], "previous_change_rate"),
            change(page, by_key[key], "last_year_change_rate"),
        ]
        for key in MEASURES
        if key in by_key
    ]
    names = ("measure", "value", "previous", "last_year")
    layout.table(page, "month", [words(f"month.{name}") for name in names], body)
    layout.note(words("month.few", n=words.small_n))


def change(page: Page, row: Row, column: str) -> str:
    """A change, unless one of the two months is running or has too few orders."""
    return page.words.change(row[column]) if row["is_comparable"] else "—"


def today(page: Page, *, has_months: bool) -> None:
    """Chart and table of the day's page."""
    words = page.words
    if not has_months:
        layout.title(words("overview.chart"))
        layout.empty(words, "empty.months")
        return
    month_chart(page)
    month_report(page)


def show(page: Page) -> None:
    """Sentence, three lines, numbers, the months."""
    has_carts = page.snapshot.has(EPISODES)
    sentence(page, has_carts=has_carts)
    layout.lines([fresh_line(page), lists_line(page), held_line(page)])
    numbers(page, has_carts=has_carts)
    today(page, has_months=page.snapshot.has(MONTHS))


viewer = access.guard()
show(layout.open_page("overview", viewer))
