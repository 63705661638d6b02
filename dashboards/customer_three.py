"""Customers as three groups, for shops too small for the squares of RFM; the squares otherwise."""

from typing import Any, Final

from dashboards import charts, customer_groups, filters, parts, tables
from dashboards.page import Page
from dashboards.parts import Metric
from dashboards.text import Cell

THREE: Final = "rpt_customer_groups"
SPLITS: Final = ("three", "rfm")
# The squares there may be: with fewer people than they need for a rate each, three groups say more.
SQUARES: Final = 25

Row = dict[str, Any]


def show(page: Page) -> None:
    """The split the reader chose, at first the one the shop is large enough for."""
    words = page.words
    if not page.snapshot.has(THREE):
        customer_groups.groups(page)
        return
    rows = page.snapshot.read(THREE, {}, order_by=("group_order",)).to_dicts()
    needed = SQUARES * words.small_n
    is_small = rows[0]["customer_count"] < needed
    chosen = filters.choose(
        page,
        "split",
        SPLITS,
        word=lambda key: words(f"customers.split.{key}"),
        default="three" if is_small else "rfm",
    )
    if chosen == "rfm":
        customer_groups.groups(page)
        return
    if is_small:
        parts.note(words("customers.three.because", n=f"{needed:,}"))
    three(page, rows)


def three(page: Page, rows: list[Row]) -> None:
    """New, returning, dormant: bars, and what each of them is."""
    words = page.words
    parts.title(words("customers.three.title"))
    if any(parts.is_few(page, row["person_count"]) for row in rows):
        # Left out alone, a small one would be what is missing from all customers.
        parts.note(words("customers.three.few", n=int(page.snapshot.settings["hide_below"])))
        return
    drawn = [
        {
            "stage": words(f"customers.three.{row['customer_group']}"),
            "count": row["person_count"],
            "text": words.count(row["person_count"], "person"),
            "cell": words.count(row["person_count"], "person"),
        }
        for row in rows
    ]
    chart = charts.steps(drawn, title=words("customers.three.people"))
    parts.chart(page, "three", chart, about=words("customers.three.title"))
    body: list[tables.Row] = [
        [
            Cell(
                words(f"customers.three.{row['customer_group']}"),
                words.plain(words(f"customers.three.{row['customer_group']}.meaning")),
            ),
            words.count(row["person_count"], "person"),
            Cell(words.percent(page.snapshot.rate(THREE, "person_share", row).value)),
        ]
        for row in rows
    ]
    head = [words(f"customers.three.{name}") for name in ("head", "people", "share")]
    metrics = [Metric(words("customers.three.share"), THREE, "person_share")]
    parts.table(page, "three", head, body, metrics=metrics)
