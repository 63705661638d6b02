"""The overview's first screen: the sentence, three lines, four numbers, today's lists.

Long: one short function per line and card.
"""

import datetime as dt
from typing import Any, Final

from dashboards import charts, parts
from dashboards.page import Page
from dashboards.parts import Card, Line, Metric
from dashboards.snapshot import Filters
from dashboards.text import Cell
from pipelines import run_state

CART_DAYS: Final = "rpt_cart_days"
MAILABLE: Final = "rpt_mailable_days"
MONTHS: Final = "rpt_shop_months"
REPEATS: Final = "rpt_repeat_rate"
STEPS: Final = "rpt_recovery_steps"
EFFECT: Final = "rpt_incrementality"
YEAR: Final = "trailing_12"
SEASON: Final = "trailing_3"
F2_DAYS: Final = 90
# The large mailbox providers refuse senders above it (sender guidelines of Google and Yahoo, 2024).
COMPLAINT_LIMIT: Final = 0.003
MONTHS_DRAWN: Final = 13

Row = dict[str, Any]


def is_small(page: Page) -> bool:
    """Whether the newest whole month has fewer orders than carry a comparison."""
    if not page.snapshot.has(MONTHS):
        return False
    filters: Filters = {"measure_key": "orders", "is_running": False}
    rows = page.snapshot.read(MONTHS, filters, order_by=("-shop_month",))
    return bool(rows.height) and not rows["is_comparable"][0]


def year_total(page: Page, measure: str, column: str = "measure_value") -> Any:
    """A measure that adds up, or its base, over the twelve months before the running one."""
    running = yesterday(page).replace(day=1)
    where: Filters = {
        "measure_key": measure,
        "shop_month >=": running.replace(year=running.year - 1),
        "shop_month <": running,
    }
    return page.snapshot.total(MONTHS, where, column=column)


def yesterday(page: Page) -> dt.date:
    """The last whole day on the shop's calendar."""
    as_of = page.words.local(page.snapshot.facts.as_of_at)
    return as_of.date() - dt.timedelta(days=1)


def carts_end_on(page: Page) -> dt.date | None:
    """The day the records of carts end before yesterday; None while they reach it."""
    latest = page.latest.get("carts")
    last = None if latest is None else page.words.local(latest).date()
    return last if last is not None and last < yesterday(page) else None


def carts_of_yesterday(page: Page) -> Row | None:
    """Carts abandoned on the last whole day, beside the mean of its weekday.

    None where their records end before it: no cart is then not a count of none.
    """
    if carts_end_on(page) is not None:
        return None
    rows = page.snapshot.read(CART_DAYS, {"day_on": yesterday(page)}).to_dicts()
    return next(iter(rows), None)


def second_orders(page: Page, period: str = YEAR) -> Cell:
    """F2 conversion of a period's first buyers, with its interval."""
    if not page.snapshot.has(REPEATS):
        return Cell("—")
    rows = page.snapshot.read(
        REPEATS, {"period_key": period, "from_order_no": 1, "within_days": F2_DAYS}
    ).to_dicts()
    if not rows:
        return Cell("—")
    return page.words.rate(page.snapshot.rate(REPEATS, "repeat_rate", rows[0]), "person")


def sentence(page: Page, *, has_carts: bool) -> None:
    """Yesterday's carts; in a small shop the year first; without carts, who came back."""
    words = page.words
    said: list[str] = []
    if is_small(page):
        orders = words.count(year_total(page, "orders"), "order")
        revenue = words.money(year_total(page, "revenue"))
        said.append(words("overview.sentence.year", orders=orders, revenue=revenue))
    if has_carts and (row := carts_of_yesterday(page)):
        key = "carts" if row["abandoned_count"] else "carts.none"
        said.append(
            words(
                "overview.sentence.yesterday" if said else f"overview.sentence.{key}",
                day=words.day(row["day_on"]),
                count=words.count(row["abandoned_count"], "cart"),
                amount=words.money(row["abandoned_value_amount"]),
                weeks=row["usual_day_count"],
                mean=words.number(row["usual_abandoned_count"], decimals=1),
            )
        )
    elif has_carts and (last := carts_end_on(page)):
        said.append(words("overview.sentence.carts.unknown", day=words.day(last)))
    elif not said:
        rate = second_orders(page)
        key = "overview.sentence.nothing" if rate.main == "—" else "overview.sentence.orders"
        said.append(words(key, rate=rate.text))
    parts.answer((" " if words.language == "en" else "").join(said))


def lines(page: Page) -> None:
    """Whether the data are new, what goes out today, and what stands still."""
    parts.lines([fresh_line(page), lists_line(page), held_line(page)])


def fresh_line(page: Page) -> Line:
    """Whether the figures are whole and every source is up to date."""
    words = page.words
    late = [words(f"source.{kind}") for kind, at in page.latest.items() if page.is_late(at)]
    failed = run_state.failure(page.home)
    if page.snapshot.is_fallback:
        text = words("overview.fresh.damaged")
    elif failed is not None:
        text = words("overview.fresh.failed", since=words.instant(failed.since))
    elif late:
        text = words("overview.fresh.late", names=" · ".join(late))
    else:
        as_of = words.instant(page.snapshot.facts.as_of_at)
        text = words("overview.fresh.ok", instant=as_of)
    is_good = not late and not page.snapshot.is_fallback and failed is None
    link = page.address("data_health")
    return Line(is_good, text, link, words("overview.fresh.link"))


def lists_line(page: Page) -> Line:
    """How many segments have somebody due, and how many people in each."""
    # Its database is brought while the first sentence is read already.
    from dashboards import lists

    words = page.words
    due = lists.due_lists(page)
    if not due:
        return Line(True, words("overview.lists.none"))
    people = " · ".join(f"{title} {parts.people_or_few(page, size)}" for _, title, size, _ in due)
    asked = lists.newest_requests(page)
    is_done = all(lists.is_exported(page, asked.get(key)) for key, *_ in due)
    how_many = words.count(len(due), "list")
    text = words(f"overview.lists.{'done' if is_done else 'some'}", lists=how_many, people=people)
    return Line(
        is_done, text, page.address("exports", anchor="lists"), words("overview.lists.link")
    )


def held_line(page: Page) -> Line:
    """Exports that stand still; unsubscribes and complaints of three months against the limit."""
    from dashboards import lists

    words, snapshot = page.words, page.snapshot
    if waiting := lists.stuck(page):
        text = words("overview.held.requests", stuck=" · ".join(waiting))
        return Line(False, text, page.address("exports"), words("overview.lists.link"))
    whole: Filters = {"period_key": SEASON, "step_number": 0, "arm_key": "all"}
    counts = {
        name: snapshot.total(STEPS, whole, column=f"{name}_count") if snapshot.has(STEPS) else None
        for name in ("sent", "unsubscribe", "complaint")
    }
    if not counts["sent"]:
        return Line(True, words("overview.held.unknown"))
    rates = {
        name: snapshot.ratio(
            None if counts[name] is None else int(counts[name] or 0), int(counts["sent"])
        )
        for name in ("unsubscribe", "complaint")
    }
    link = page.address("cart_recovery")
    complained = words.rate(rates["complaint"], "message").text
    if rates["complaint"].value is not None and rates["complaint"].value > COMPLAINT_LIMIT:
        text = words("overview.held.complaints", complained=complained)
        return Line(False, text, link, words("overview.held.link"))
    unsubscribed = words.rate(rates["unsubscribe"], "message").text
    text = words("overview.held.ok", unsubscribed=unsubscribed, complained=complained)
    return Line(True, text, link, words("overview.held.link"))


def numbers(page: Page, *, has_carts: bool) -> None:
    """Yesterday's carts, money after mails, F2, and how many people may be written to.

    A small shop reads the figures of twelve months first.
    """
    words = page.words
    f2 = words("card.f2", period=words.period(YEAR))
    found = [
        carts_card(page, has_carts=has_carts),
        recovered_card(page),
        Card(f2, second_orders(page)),
        mailable_card(page),
    ]
    yesterdays, recovered, repeat, mailable = found
    small = [repeat, recovered, mailable, yesterdays]
    parts.cards(small if is_small(page) else found)
    metrics = [Metric(f2, REPEATS, "repeat_rate")]
    parts.receipt(page, "numbers", metrics)


def carts_card(page: Page, *, has_carts: bool) -> Card:
    """Carts abandoned yesterday."""
    words = page.words
    row = carts_of_yesterday(page) if has_carts else None
    if row is None:
        last = carts_end_on(page) if has_carts else None
        known = words("card.yesterday.last", day=words.day(last)) if last else ""
        return Card(words("card.yesterday"), Cell("—"), known or words("card.unknown"))
    amount = words.money(row["abandoned_value_amount"]) if row["abandoned_count"] else ""
    cell = Cell(words.count(row["abandoned_count"], "cart"), amount)
    usual = words.number(row["usual_abandoned_count"], decimals=1)
    note = words("card.yesterday.mean", weeks=row["usual_day_count"], mean=usual)
    return Card(words("card.yesterday"), cell, note if row["usual_day_count"] else "")


def recovered_card(page: Page) -> Card:
    """Recovered amount of the last twelve months, beside it what is known of its effect."""
    words, snapshot = page.words, page.snapshot
    label = words("card.recovered", period=words.period(YEAR))
    if not snapshot.has(STEPS):
        return Card(label, Cell("—"), words("card.unknown"))
    whole: Filters = {"period_key": YEAR, "step_number": 0, "arm_key": "all", "is_mature": True}
    amount = snapshot.total(STEPS, whole, column="recovered_amount")
    return Card(label, Cell(words.money(amount)), effect_note(page))


def newest_effect(page: Page) -> Row | None:
    """All arms written to against the held-out group, of the newest version that has one."""
    if not page.snapshot.has(EFFECT):
        return None
    rows = page.snapshot.read(
        EFFECT,
        {
            "metric_key": "order",
            "comparison_key": "holdout",
            "arm_key": "all",
            "experiment_kind": "campaign",
            "baseline_person_count >": 0,
        },
        order_by=("-first_eligible_at", "campaign_key", "campaign_version"),
    ).to_dicts()
    return next((row for row in rows if row["extra_person_count"] is not None), None)


def effect_note(page: Page) -> str:
    """`純増` with its interval, or that the effect is not measured."""
    words, row = page.words, newest_effect(page)
    if row is None:
        return words("card.unmeasured")
    return words(
        "card.incremental",
        orders=words.signed(row["extra_person_count"]),
        amount=words.signed_money(row["extra_revenue_amount"]),
        low=words.signed(row["difference_low"] * 100),
        high=words.signed(row["difference_high"] * 100),
    )


def mailable_card(page: Page) -> Card:
    """Persons who may be written to today, and what yesterday changed."""
    words = page.words
    rows: list[Row] = []
    if page.snapshot.has(MAILABLE) and has_consents(page):
        rows = page.snapshot.read(MAILABLE, {}, order_by=("-day_on",)).to_dicts()
    if not rows:
        return Card(words("card.mailable"), Cell("—"), words("card.mailable.unknown"))
    last = next((row for row in rows if row["day_on"] == yesterday(page)), None)
    note = ""
    if last is not None:
        gained, lost = (words.number(last[f"{name}_count"]) for name in ("gained", "lost"))
        note = words("card.mailable.moves", gained=gained, lost=lost)
    return Card(
        words("card.mailable"), Cell(words.count(rows[0]["mailable_count"], "person")), note
    )


def has_consents(page: Page) -> bool:
    """Whether anybody's consent was ever taken in: without, nobody may be written to is not 0."""
    taken: Filters = {"entity": "consents", "batch_count >": 0}
    return bool(page.snapshot.total("rpt_source_freshness", taken))


def today(page: Page) -> None:
    """Revenue by month, and the lists of the day."""
    from dashboards import lists

    words = page.words
    if page.snapshot.has(MONTHS):
        month_chart(page)
    else:
        parts.title(words("overview.chart"))
        parts.empty(words, "empty.months")
    parts.title(words("overview.lists"), anchor="lists")
    lists.table(page)
    parts.note(words("lists.cure"))


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
    parts.title(words("overview.chart"))
    is_yen = words.language == "ja" and words.currency == "JPY"
    points = [
        {
            "month": words.month(row["shop_month"]) + ("*" if row["is_running"] else ""),
            "series": series[row["measure_key"]],
            "place": list(series).index(row["measure_key"]),
            "amount": words.axis_money(row["measure_value"]),
            "cell": words.money(row["measure_value"]),
            "tip": f"{words.month(row['shop_month'])} {series[row['measure_key']]}"
            f" {words.money(row['measure_value'])}",
        }
        for row in rows
        if row["shop_month"] in newest
    ]
    title = words("axis.revenue" if is_yen else "axis.revenue.other")
    drawn = charts.stacked_months(points, series=series, title=title)
    parts.chart(page, "months", drawn, about=words("overview.chart"))
    if any(row["is_running"] for row in rows):
        parts.note(f"* {words('period.running')}")
