"""試算: what a year's first buyers would order if more of them came back for a second order."""

from typing import Any, Final

from dashboards import filters, parts, tables
from dashboards.page import Page
from dashboards.parts import Card, Metric
from dashboards.text import Cell

WHAT_IF: Final = "rpt_retention_what_if"
# Basis points in a point, and what the slider begins with.
BP: Final = 100
FIRST: Final = 2

Row = dict[str, Any]


def show(page: Page) -> None:
    """The slider in whole points, the sentence, three numbers, and what they rest on."""
    words = page.words
    parts.title(words("what_if.title"))
    rows = page.snapshot.read(WHAT_IF, {}, order_by=("uplift_bp",)).to_dicts()
    found = {row["uplift_bp"] // BP: row for row in rows if row["uplift_bp"] % BP == 0}
    largest = max(found, default=0)
    if not largest:
        parts.note(words("what_if.none"))
        return
    points = filters.choose_number(
        page,
        "points",
        range(largest + 1),
        label=words("what_if.points"),
        default=min(FIRST, largest),
    )
    row = found[points]
    base, raised = (words.percent(row[name]) for name in ("base_rate", "what_if_rate"))
    people = words.count(row["new_person_count"], "person")
    parts.answer(words("what_if.sentence", people=people, base=base, raised=raised))
    parts.cards(cards(page, row))
    if row["second_buyer_count"] < words.small_n:
        parts.note(words("what_if.few", n=row["second_buyer_count"]))
    grounds(page, row)
    parts.note(words("what_if.note"))


def cards(page: Page, row: Row) -> list[Card]:
    """Expected orders and revenue, and what the points bring of it; grey on few people."""
    words = page.words
    is_small = row["second_buyer_count"] < words.small_n
    orders, more = (
        words.count(round(row[name]), "order")
        for name in ("expected_order_count", "extra_order_count")
    )
    money, more_money = (
        words.money(row[name]) for name in ("expected_revenue_amount", "extra_revenue_amount")
    )
    return [
        Card(words("what_if.more.orders"), Cell(more, is_small=is_small)),
        Card(words("what_if.more.amount"), Cell(more_money, is_small=is_small)),
        Card(words("what_if.orders"), Cell(orders, is_small=is_small), words("what_if.whole")),
        Card(words("what_if.amount"), Cell(money, is_small=is_small), words("what_if.whole")),
    ]


def grounds(page: Page, row: Row) -> None:
    """The counts it is made of, one line each."""
    words = page.words
    rate = words.rate(page.snapshot.rate(WHAT_IF, "base_rate", row), "person")
    later = words.count(row["later_order_count"], "order")
    body: list[tables.Row] = [
        [words("what_if.ground.new"), words.count(row["new_person_count"], "person")],
        [words("what_if.ground.rate"), rate],
        [words("what_if.ground.second"), words.count(row["second_buyer_count"], "person")],
        [words("what_if.ground.orders"), later],
        [words("what_if.ground.amount"), words.money(row["later_revenue_amount"])],
    ]
    metrics = [
        Metric(words("what_if.ground.rate"), WHAT_IF, "base_rate"),
        Metric(words("what_if.orders"), WHAT_IF, "expected_order_count"),
        Metric(words("what_if.amount"), WHAT_IF, "expected_revenue_amount"),
    ]
    parts.title(words("what_if.grounds"))
    head = [words("what_if.ground"), words("what_if.ground.value")]
    parts.table(page, "what_if", head, body, metrics=metrics)
