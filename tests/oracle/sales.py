"""Orders: which are sales, and what is left of them after refunds (definitions, sections 1 and 9)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from tests.oracle.known import SALES, Known, Row, money
from tests.oracle.persons import People


@dataclass
class Order:
    """One order as the marts must hold it."""

    row: Row
    order_id: str
    person: str | None
    is_sale: bool
    # A draft and a failed payment were never placed: they close no cart.
    is_placed: bool
    is_given_back: bool
    gross: Decimal | None
    revenue: Decimal | None
    refunded: Decimal | None
    ordered_at: datetime
    ordered_on: date
    # Of an order known by its date alone, everything of that date may have come before it.
    ordered_by_at: datetime
    purchase_no: int | None = None


def orders(shop: Known, found: People) -> list[Order]:
    """All orders but those of test accounts, each person's sales numbered."""
    refunds: dict[object, list[Row]] = defaultdict(list)
    for row in shop["refunds"]:
        refunds[row["order_id"]].append(row)
    lines: dict[object, list[Row]] = defaultdict(list)
    for row in shop["order_items"]:
        lines[row["order_id"]].append(row)
    made = [
        _order(shop, row, found.of_order(row), refunds[row["order_id"]], lines[row["order_id"]])
        for row in shop["orders"]
        if not found.is_test_order(row)
    ]
    made.sort(key=lambda order: (order.ordered_at, order.order_id))
    counts: dict[str, int] = defaultdict(int)
    for order in made:
        if order.is_sale and order.person is not None:
            counts[order.person] += 1
            order.purchase_no = counts[order.person]
    return made


def sales_of_persons(made: list[Order]) -> dict[str, list[Order]]:
    """Each person's sales in their order."""
    sales: dict[str, list[Order]] = defaultdict(list)
    for order in made:
        if order.is_sale and order.person is not None:
            sales[order.person].append(order)
    return sales


def _order(
    shop: Known, row: Row, person: str | None, refunds: list[Row], lines: list[Row]
) -> Order:
    refunded, refunded_goods = _given_back(row, refunds, lines)
    goods, total = money(row["goods_amount"]), money(row["total_amount"])
    # Who used points never gets the total back: as much as was paid is all of it.
    whole = money(row["paid_amount"]) or total
    in_full = refunded > 0 and (
        (whole is not None and refunded >= whole) or (goods is not None and refunded_goods >= goods)
    )
    is_cancelled = row["cancelled_at"] is not None and row["cancelled_at"] < shop.as_of
    measured, taken = {
        "goods": (goods, refunded_goods),
        "total": (total, refunded),
        "paid": (money(row["paid_amount"]), refunded),
    }[shop.revenue_measure]
    is_ours = row["currency"] == shop.currency
    is_day = row["ordered_precision"] == "day"
    return Order(
        row,
        str(row["order_id"]),
        person,
        is_sale=row["source_status"] in SALES and not is_cancelled and not in_full,
        is_placed=row["source_status"] not in {"draft", "failed"},
        is_given_back=in_full,
        gross=measured if is_ours else None,
        revenue=max(measured - taken, Decimal(0)) if is_ours and measured is not None else None,
        refunded=refunded if is_ours else None,
        ordered_at=row["ordered_at"],
        ordered_on=shop.on(row["ordered_at"]),
        ordered_by_at=shop.day_end(shop.on(row["ordered_at"])) if is_day else row["ordered_at"],
    )


def _given_back(row: Row, refunds: list[Row], lines: list[Row]) -> tuple[Decimal, Decimal]:
    """What was given back of an order, and of it for goods."""
    if refunds:
        refunded = sum((Decimal(str(r["refund_amount"])) for r in refunds), Decimal(0))
        split = [r for r in refunds if r["goods_amount"] is not None]
        unsplit = sum(
            (Decimal(str(r["refund_amount"])) for r in refunds if r["goods_amount"] is None),
            Decimal(0),
        )
    else:
        refunded = unsplit = money(row["refunded_amount"]) or Decimal(0)
        split = []
    if refunded <= 0:
        return Decimal(0), Decimal(0)
    given = sum((Decimal(str(r["goods_amount"])) for r in split), Decimal(0))
    if refunds and unsplit == 0:
        return refunded, given
    by_line = [money(line["refunded_amount"]) or Decimal(0) for line in lines]
    if any(amount > 0 for amount in by_line):
        return refunded, sum((amount for amount in by_line if amount > 0), Decimal(0))
    goods, total = money(row["goods_amount"]), money(row["total_amount"])
    share = unsplit * goods / total if goods is not None and total else unsplit
    # A yen has no parts.
    unit = Decimal(1) if row["currency"] == "JPY" else Decimal("0.01")
    return refunded, (given + share).quantize(unit, ROUND_HALF_UP)
