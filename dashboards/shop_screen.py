"""管理画面との照合: our months beside those of the shop's own screen, and what stands between."""

import datetime as dt
from decimal import Decimal
from typing import Any, Final

import streamlit as st

from dashboards import export_request, parts, tables
from dashboards.page import Page
from dashboards.parts import Metric
from dashboards.text import Cell
from pipelines import requests
from pipelines.actors import Role
from pipelines.requests import BadRequest, ScreenMonth

SCREENS: Final = "rpt_shop_screen_months"
MONTHS_SHOWN: Final = 13
# The source of what was typed here; every other one is a file of the shop's.
TYPED: Final = "typed"
# What may stand between the two; the columns of the second table.
CAUSES: Final = ("void", "test", "shipping", "points", "tax", "refunded")

Row = dict[str, Any]


def show(page: Page) -> None:
    """By month ours, the screen's, the difference and why; the form; what might be causes."""
    words = page.words
    parts.title(words("screen.title"))
    rows = page.snapshot.read(SCREENS, {}, order_by=("-screen_month",)).to_dicts()
    typed = typed_months(page)
    shown = rows[:MONTHS_SHOWN] + [r for r in rows[MONTHS_SHOWN:] if r["is_compared"]]
    body: list[tables.Row] = [line(page, row, typed.get(row["screen_month"])) for row in shown]
    names = ("month", "orders", "orders.theirs", "amount", "amount.theirs", "difference", "why")
    parts.table(
        page,
        "screen",
        [words(f"screen.{name}") for name in names],
        body,
        metrics=[Metric(words("screen.orders"), SCREENS, "order_count")],
    )
    parts.note(words("screen.note" if any(r["is_compared"] for r in rows) else "screen.none"))
    if page.viewer.may(Role.EXPORTER):
        form(page, rows)
    causes(page, shown)


def typed_months(page: Page) -> dict[dt.date, ScreenMonth]:
    """What has been typed, by month; nothing where nobody ever asked for anything."""
    if not page.has_requests:
        return {}
    found = requests.screen_months_of(page.home, page.snapshot.facts.shop_id)
    return {one.month_on: one for one in found}


def line(page: Page, row: Row, typed: ScreenMonth | None) -> tables.Row:
    """One month. What was typed since the figures were made is shown, and not yet compared."""
    words = page.words
    is_news = typed is not None and (
        row["seen_at"] is None or typed.typed_at > row["seen_at"].replace(tzinfo=dt.UTC)
    )
    month = Cell(words.month(row["screen_month"]), detail=running(page, row))
    orders, amount = words.number(row["order_count"]), words.number(row["revenue_amount"])
    if typed is not None and is_news:
        by_hand = words("screen.from.typed")
        theirs = [
            Cell(words.number(figure), by_hand)
            for figure in (typed.order_count, typed.order_amount)
        ]
        why: Cell | str = Cell(words("screen.waiting"), is_small=True)
        return [month, orders, theirs[0], amount, theirs[1], "—", why]
    more = row["difference_amount"]
    difference = Cell(
        "—" if more is None else words.signed(more, decimals=0), signed_orders(page, row)
    )
    return [
        month,
        orders,
        reading(page, row, "order_count"),
        amount,
        reading(page, row, "amount"),
        difference if row["is_compared"] else "—",
        verdict(page, row),
    ]


def reading(page: Page, row: Row, figure: str) -> Cell:
    """What the screen says and where that is from, and what the other source says beside it."""
    words = page.words
    if not row["is_compared"]:
        return Cell("—")
    said = origin(page, row["screen_source_key"])
    if row["other_source_key"] is not None:
        other = words.number(row[f"other_{figure}"])
        said += words("screen.other", origin=origin(page, row["other_source_key"]).strip(), n=other)
    return Cell(words.number(row[f"screen_{figure}"]), f"\n{said.strip()}")


def origin(page: Page, source_key: str) -> str:
    """Typed on this page, or read from a file."""
    return page.words(f"screen.from.{'typed' if source_key == TYPED else 'file'}")


def signed_orders(page: Page, row: Row) -> str:
    """How many orders more the screen has, with its sign."""
    if row["difference_count"] is None:
        return ""
    n = page.words.signed(row["difference_count"], decimals=0)
    return page.words("screen.difference.orders", n=n)


def running(page: Page, row: Row) -> str:
    """That the month is not over, where it is not."""
    return f" {page.words('period.running')}" if row["is_running"] else ""


def verdict(page: Page, row: Row) -> str:
    """Agrees, is explained by causes, is not, or was not compared."""
    words = page.words
    if not row["is_compared"]:
        return "—"
    if not row["is_explained"]:
        return words("screen.unexplained")
    if row["cause_key"] is None:
        return words("screen.agrees")
    named = [words(f"screen.cause.{key}") for key in row["cause_key"].split()]
    return words("screen.explained", causes=" + ".join(named))


def form(page: Page, rows: list[Row]) -> None:
    """What somebody reads off the shop's screen, month by month, at first the last whole one."""
    words = page.words
    months = [row["screen_month"] for row in rows]
    first = 1 if len(rows) > 1 and rows[0]["is_running"] else 0
    parts.title(words("screen.form"))
    with (
        st.form("screen", border=False, enter_to_submit=False, clear_on_submit=True),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        month = st.selectbox(
            words("screen.month"), months, index=first, format_func=words.month, width=160
        )
        count = st.number_input(
            words("screen.orders.theirs"), min_value=0, step=1, value=None, width=180
        )
        amount = st.number_input(
            words("screen.amount.theirs"), min_value=0, step=1, value=None, width=200
        )
        is_typed = st.form_submit_button(words("screen.form.button"))
    if is_typed:
        try:
            keep(page, month, count=count, amount=amount)
        except BadRequest:
            st.warning(words("screen.form.refused"))
            return
        st.rerun()
    parts.note(words("screen.file"))


def keep(page: Page, month: dt.date, *, count: int | None, amount: int | None) -> None:
    """Write down what was read. Raises: NotAllowed for a viewer; BadRequest for what cannot be."""
    requests.type_screen_month(
        page.home,
        page.snapshot.facts.shop_id,
        month,
        order_count=count,
        order_amount=None if amount is None else Decimal(amount),
        by=page.viewer.actor,
        at=export_request.now_of(page),
    )


def causes(page: Page, rows: list[Row]) -> None:
    """What a screen may count otherwise, in figures: orders and amounts of each cause."""
    words = page.words
    with st.expander(words("screen.causes")):
        body: list[tables.Row] = [
            [words.month(row["screen_month"]), *(cause(page, row, name) for name in CAUSES)]
            for row in rows
        ]
        head = [words("screen.month"), *(words(f"screen.cause.{name}") for name in CAUSES)]
        parts.table(page, "screen_causes", head, body)


def cause(page: Page, row: Row, name: str) -> Cell:
    """The amount of one cause in a month, and its orders where it is about orders."""
    words = page.words
    amount = words.number(row[f"{name}_amount"])
    count = row.get(f"{name}_order_count")
    if count is None:
        return Cell(amount)
    return Cell(amount if count else "0", words.count(count, "order"))
