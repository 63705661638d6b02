"""結果: what came of every campaign, by the same figures as the cart page's table."""

from typing import Any, Final

import streamlit as st

from dashboards import cart_results, export_request, filters, parts, tables
from dashboards.page import Page
from dashboards.parts import Metric
from dashboards.snapshot import Filters
from dashboards.text import Cell

CAMPAIGNS: Final = "rpt_campaign_steps"
TOTALS: Final = "totals"

Row = dict[str, Any]


def show(page: Page) -> None:
    """One line per campaign and version, then all figures of one of them."""
    words = page.words
    if not page.snapshot.has(CAMPAIGNS):
        parts.empty(words, "empty.mail")
        return
    sizes = {key: size(page, key) for key in filters.PERIODS}
    period = filters.choose_period(page, {key: n for key, n in sizes.items() if n})
    found = totals_of(page, period)
    if not found:
        parts.note(words("exports.results.none"))
        return
    rows = {name_key(row): row for row in by_channel(page, found)}
    overview(page, list(rows.values()), period)
    chosen = next(iter(rows))
    if len(rows) > 1:
        chosen = filters.choose(page, "version", list(rows), word=lambda key: name(page, rows[key]))
    one(page, rows[chosen], period)


def size(page: Page, period: str) -> int:
    """Messages sent in a period, whatever became of them."""
    whole: Filters = {"period_key": period, "step_number": 0, "arm_key": "all"}
    return int(page.snapshot.total(CAMPAIGNS, whole, column="sent_count") or 0)


def totals_of(page: Page, period: str) -> list[Row]:
    """All mails of each version together whose windows have passed, most messages first."""
    whole: Filters = {"period_key": period, "step_number": 0, "arm_key": "all", "is_mature": True}
    order = ("-sent_count", "campaign_key", "-campaign_version", "report_grain")
    return page.snapshot.read(CAMPAIGNS, whole, order_by=order).to_dicts()


def channels_of(rows: list[Row]) -> list[str]:
    """Ways of writing the rows name, where there are several: of one nothing needs to be said."""
    found = sorted({row["channel"] for row in rows if row.get("channel")})
    return found if len(found) > 1 else []


def by_channel(page: Page, rows: list[Row]) -> list[Row]:
    """Rows of the channel the reader chose; all of them where the shop writes in one way."""
    words, channels = page.words, channels_of(rows)
    if not channels:
        return rows
    chosen = filters.choose(
        page,
        "channel",
        ["all", *channels],
        word=lambda key: words("filter.all") if key == "all" else words.channel(key),
    )
    return [row for row in rows if chosen in ("all", row["channel"])]


def name_key(row: Row) -> str:
    """A version as an address holds it."""
    return f"{row['campaign_key']}.{row['campaign_version']}.{row['report_grain']}"


def name(page: Page, row: Row) -> str:
    """The list's title, else the campaign's own key, and its version."""
    words = page.words
    key = str(row["campaign_key"])
    titled = export_request.titles(page).get(str(row["segment_key"]), key)
    said = words("filter.version.name", key=titled, version=row["campaign_version"])
    return words("filter.version.totals", name=said) if row["report_grain"] == TOTALS else said


def young(page: Page, row: Row, period: str) -> int:
    """Messages of the version that may still lead to an order."""
    where: Filters = {
        **version_of(row, period), "step_number": 0, "arm_key": "all", "is_mature": False,
    }  # fmt: skip
    return int(page.snapshot.total(CAMPAIGNS, where, column="sent_count") or 0)


def version_of(row: Row, period: str) -> dict[str, Any]:
    """The rows of one version in a period."""
    names = ("campaign_key", "campaign_version", "report_grain")
    return {"period_key": period, **{key: row[key] for key in names}}


def overview(page: Page, rows: list[Row], period: str) -> None:
    """The campaigns beside each other, all mails of each together."""
    words, snapshot = page.words, page.snapshot
    parts.title(words("exports.results", period=words.period(period)))
    # Two rates with their intervals are what a screen is wide enough for; the rest stands below.
    are_several = bool(channels_of(rows))
    body: list[tables.Row] = [
        [
            Cell(
                name(page, row),
                words.plain(words.channel(row["channel"]))
                if are_several and row["channel"]
                else "",
            ),
            Cell(words.count(row["sent_count"], "message"), waiting(page, row, period)),
            words.rate(snapshot.rate(CAMPAIGNS, "order_per_sent_rate", row), "message"),
            words.number(row["recovered_amount"]),
            words.rate(snapshot.rate(CAMPAIGNS, "unsubscribe_rate", row), "message"),
        ]
        for row in rows
    ]
    names = ("campaign", "sent", "orders", "amount", "unsubscribed")
    metrics = [
        Metric(words("exports.results.orders"), CAMPAIGNS, "order_per_sent_rate"),
        Metric(words("exports.results.unsubscribed"), CAMPAIGNS, "unsubscribe_rate"),
    ]
    head = [words(f"exports.results.{key}") for key in names]
    parts.table(page, "campaigns", head, body, metrics=metrics)


def waiting(page: Page, row: Row, period: str) -> str:
    """How many more were sent so lately that nothing is settled."""
    count = young(page, row, period)
    if not count:
        return ""
    return page.words("exports.results.young", messages=page.words.count(count, "message"))


def one(page: Page, row: Row, period: str) -> None:
    """Every figure of one version: figures down, mails across."""
    words = page.words
    with st.container(horizontal=True):
        family = filters.choose(
            page,
            "family",
            list(cart_results.FAMILIES),
            word=lambda key: words(f"family.{key}"),
        )
    where: Filters = {**version_of(row, period), "arm_key": "all", "is_mature": True}
    steps = page.snapshot.read(CAMPAIGNS, where, order_by=("step_number",)).to_dicts()
    # The total stands last on the screen and first in the model.
    steps = [s for s in steps if s["step_number"]] + [s for s in steps if not s["step_number"]]
    if len(steps) == 2:
        # Of a single mail the total says the same again.
        steps = steps[:1]
    head = [words("cart.figure"), *(cart_results.step_name(page, step) for step in steps)]
    if row["report_grain"] == TOTALS:
        parts.note(words("cart.totals_mark"))
    body = cart_results.figures(page, steps, family=family)
    parts.table(page, "campaign", head, body, metrics=cart_results.metrics(page, family=family))
