"""Foreign money in the shop's currency: converted once, the original kept, unknown without a rate."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines import landing
from pipelines.settings import Home
from tests.landing_shop import (
    File,
    Rate,
    instant,
    land,
    order,
    orders_file,
    part,
)

DOLLAR = Rate(dt.date(2026, 11, 1), "USD", Decimal("150.5"))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "small")


def item(number: int, **changes: object) -> dict[str, object]:
    return {
        "order_item_id": f"eccube:{number}",
        "order_id": f"eccube:{number}",
        "line_no": 1,
        "product_name": "茶碗",
        "quantity": Decimal(1),
        "discount_amount": Decimal(0),
        "line_amount": Decimal("10.01"),
        "is_gift": False,
        "is_free": False,
        "refunded_quantity": Decimal(0),
        "refunded_amount": Decimal(0),
        "row_no": number + 1,
    } | changes


def test_foreign_money_becomes_the_shops_and_the_original_stays(home: Home) -> None:
    foreign = order(1, currency="USD", total_amount=Decimal("10.01"), goods_amount=Decimal("9.99"))
    file = File((part("orders", foreign, order(2)), part("order_items", item(1), item(2))))

    land(home, file, exchange_rates=(DOLLAR,))

    # 10.01 × 150.5 = 1506.505 and 9.99 × 150.5 = 1503.495: yen are whole, halves go up.
    columns = (
        "currency",
        "total_amount",
        "goods_amount",
        "original_currency",
        "original_total_amount",
    )
    rows = landing.read_table(home, "orders").sort("order_id").select(columns).rows()
    assert rows == [
        ("JPY", Decimal(1507), Decimal(1503), "USD", Decimal("10.01")),
        ("JPY", Decimal(1000), None, None, None),
    ]
    lines = landing.read_table(home, "order_items").sort("order_id")["line_amount"].to_list()
    assert lines == [Decimal(1507), Decimal("10.01")]


def test_without_a_rate_the_order_counts_and_its_money_is_unknown(home: Home) -> None:
    early = order(1, currency="USD", ordered_at=instant("2026-10-30T00:00:00"))
    file = File((part("orders", early), part("order_items", item(1))))

    landed = land(home, file, exchange_rates=(DOLLAR,))

    row = landing.read_table(home, "orders").row(0, named=True)
    assert (row["total_amount"], row["original_total_amount"]) == (None, Decimal(1000))
    # A line without its amount would be a line worth nothing: it is refused, and said so.
    lines = {entry.table: entry for entry in landed.entries}["order_items"]
    assert (lines.rows_landed, lines.reasons) == (0, (("no_exchange_rate", 1),))


def test_the_newest_rate_up_to_the_day_counts(home: Home) -> None:
    rates = (DOLLAR, replace(DOLLAR, day_on=dt.date(2026, 11, 3), exchange_rate=Decimal(100)))
    rows = [
        order(
            n, currency="USD", ordered_at=instant(f"2026-11-0{n}T00:00:00"), total_amount=Decimal(1)
        )
        for n in (1, 2, 3, 4)
    ]

    land(home, orders_file(*rows), exchange_rates=rates)

    amounts = landing.read_table(home, "orders").sort("order_id")["total_amount"].to_list()
    assert amounts == [Decimal(151), Decimal(151), Decimal(100), Decimal(100)]
