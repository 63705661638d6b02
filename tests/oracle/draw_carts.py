"""What people of a generated shop do: events of browsers, carts as they stand, and orders."""

import random
from datetime import datetime, timedelta
from decimal import Decimal

from tests.oracle.known import day_start
from tests.oracle.shops import PRODUCTS, Shop, instant

GAPS = (
    timedelta(0),
    timedelta(minutes=1),
    timedelta(minutes=29, seconds=59),
    timedelta(minutes=30),
    timedelta(minutes=59, seconds=59),
    timedelta(minutes=60),
    timedelta(minutes=61),
    timedelta(hours=23),
    timedelta(hours=30),
    timedelta(days=29, hours=23),
    timedelta(days=30),
    timedelta(days=31),
)
GAP_WEIGHTS = (4, 6, 2, 2, 3, 4, 4, 2, 2, 1, 1, 1)
STEPS = (
    "Product Added", "Product Removed", "Cart Viewed", "Checkout Started",
    "Checkout Step Completed", "Payment Info Entered", "Payment Failed", "Product Viewed",
    "Form Error", "Product Added to Wishlist",
)  # fmt: skip
STATUSES = ("paid", "placed", "cancelled", "failed", "draft", "returned", "odd")
DEVICES = ("mobile", "desktop", None)


def carts(made: Shop, draw: random.Random, accounts: list[dict[str, object]]) -> None:
    """Everything done in a shop before anybody writes to anybody."""
    for number, product in enumerate(PRODUCTS):
        if draw.random() < 0.7:
            made.add(
                "products", product_id=product, product_name=product,
                price_amount=Decimal(1000 + 100 * number) if draw.random() < 0.9 else None,
                product_state=draw.choices(("published", "hidden"), (8, 1))[0],
                stock_policy=draw.choice(("tracked", "unlimited", "unknown")),
                stock_quantity=draw.choice((None, Decimal(0), Decimal(5))),
            )  # fmt: skip
    ids = [str(account["customer_id"]) for account in accounts]
    for browser in range(draw.randint(2, 4)):
        _visits(made, draw, f"b:{browser}", ids)
    if draw.random() < 0.3:
        _looked(made, draw, ids)
    for customer in ids:
        for _ in range(draw.choice((0, 0, 1, 2))):
            order(made, draw, customer, instant(draw), draw.sample(PRODUCTS, 1))


def _visits(made: Shop, draw: random.Random, browser: str, accounts: list[str]) -> None:
    at, device = instant(draw), draw.choice(DEVICES)
    logged_in: str | None = None
    owners: set[str] = set()
    held: list[str] = []
    if draw.random() < 0.5:
        logged_in = draw.choice(accounts)
        owners.add(logged_in)
        event(made, at, browser, logged_in, "Signed In")
    for _ in range(draw.randint(3, 12)):
        gap = draw.choices(GAPS, GAP_WEIGHTS)[0]
        made.features["tie"] += gap == timedelta(0)
        at += gap
        if draw.random() < 0.15:
            logged_in = draw.choice(accounts)
            owners.add(logged_in)
            event(made, at, browser, logged_in, "Signed In")
        elif logged_in and draw.random() < 0.15:
            logged_in = None
        elif held and logged_in and draw.random() < 0.2:
            _checked_out(made, draw, browser, logged_in, at, held)
            held.clear()
        else:
            name = draw.choices(STEPS, (9, 2, 1, 2, 1, 1, 1, 3, 1, 1))[0]
            product = draw.choice(PRODUCTS)
            if name == "Product Added":
                held.append(product)
            if name == "Cart Viewed" and held:
                product = draw.choice(held)
            _step(made, draw, at, browser, logged_in, name, product, device)
    made.features["shared_browser"] += len(owners) > 1


def _looked(made: Shop, draw: random.Random, accounts: list[str]) -> None:
    """A visit that only looks."""
    at, customer = instant(draw), draw.choice([*accounts, None])
    for _ in range(draw.randint(1, 3)):
        event(
            made, at, "b:looks", customer,
            draw.choice(("Product Viewed", "Product Viewed", "Product Added to Wishlist")),
            product_id=draw.choice(PRODUCTS),
        )  # fmt: skip
        at += timedelta(minutes=draw.choice((1, 29, 30)))
    if customer is not None and draw.random() < 0.5:
        order(made, draw, customer, at + timedelta(hours=draw.choice((1, 23, 24, 48))), [])


def _checked_out(
    made: Shop, draw: random.Random, browser: str, customer: str, at: datetime, held: list[str]
) -> None:
    goods = draw.sample(sorted(set(held)), 1) if draw.random() < 0.7 else ["p:other"]
    bought = order(
        made, draw, customer, at, goods if draw.random() < 0.8 else [],
        cart_id=f"cart:{browser}" if draw.random() < 0.3 else None,
        checkout_token=f"checkout:{browser}" if draw.random() < 0.2 else None,
    )  # fmt: skip
    if draw.random() < 0.5:
        event(made, at, browser, None, "Order Completed", order_id=bought["order_id"])


def _step(
    made: Shop, draw: random.Random, at: datetime, browser: str, customer: str | None, name: str,
    product: str, device: str | None,
) -> None:  # fmt: skip
    is_item = name in {"Product Added", "Product Removed", "Cart Viewed"}
    quantity: Decimal | None = None
    if is_item and draw.random() < 0.9:
        quantity = Decimal(draw.choice((1, 1, 2)))
    # Some goods are known by their sku alone.
    by_sku = is_item and product == "p:4"
    event(
        made, at, browser, customer, name,
        product_id=product if not by_sku and (is_item or name == "Product Viewed") else None,
        sku=f"sku-{product}" if by_sku else None,
        quantity=quantity,
        price_amount=Decimal(draw.choice((900, 1200, 7000))) if is_item and draw.random() < 0.85
        else None,
        cart_id=f"cart:{browser}" if draw.random() < 0.5 else None,
        checkout_id=f"checkout:{browser}" if name.startswith("Checkout") else None,
        device=device,
        is_bot=draw.random() < 0.03,
    )  # fmt: skip


def event(
    made: Shop, at: datetime, browser: str, customer: str | None, name: str, **given: object
) -> None:
    """One event."""
    made.add(
        "events",
        **{
            "event_id": f"e:{made.number('events'):04d}",
            "event_name": name,
            "occurred_at": at,
            "anonymous_id": browser,
            "customer_id": customer,
            "is_bot": False,
            **given,
        },
    )


def order(
    made: Shop, draw: random.Random, customer: str | None, at: datetime, goods: list[str],
    **given: object,
) -> dict[str, object]:  # fmt: skip
    """One order with its lines and perhaps a refund."""
    order_id = f"o:{made.number('orders'):04d}"
    status = draw.choices(STATUSES, (40, 4, 4, 1, 1, 1, 1))[0]
    amount = Decimal(draw.randint(1, 30) * 100) * draw.choices((1, 30), (20, 1))[0]
    is_foreign = draw.random() < 0.03
    is_day = draw.random() < 0.08
    if is_day:
        at = day_start(made.zone, made.on(at))
    made.features["void_order"] += status not in {"paid", "placed"}
    made.features["day_precision"] += is_day
    made.features["second_currency"] += is_foreign
    shipping = draw.choice((Decimal(0), Decimal(500)))
    points = draw.choice((Decimal(0), Decimal(0), Decimal(100)))
    row = made.add(
        "orders",
        **{
            "order_id": order_id,
            "customer_id": customer,
            "is_guest": customer is None or customer.startswith("guest:"),
            "ordered_at": at,
            "ordered_precision": "day" if is_day else "instant",
            "source_status": status,
            "currency": ("EUR" if is_foreign else made.currency),
            "goods_amount": amount if draw.random() < 0.97 else None,
            "total_amount": amount + shipping,
            "paid_amount": amount + shipping - points if draw.random() < 0.8 else None,
            "refunded_amount": Decimal(0),
            "cancelled_at": at + timedelta(days=draw.choice((1, 90)))
            if draw.random() < 0.03
            else None,
            **given,
        },
    )
    for line, product in enumerate(goods, 1):
        made.add(
            "order_items",
            order_item_id=f"{order_id}-{line}",
            order_id=order_id,
            line_no=line,
            product_id=None if product == "p:4" else product,
            sku=f"sku-{product}" if product == "p:4" else None,
            product_name=product,
            quantity=Decimal(1),
            line_amount=(amount / len(goods)).quantize(Decimal("0.0001")),
        )
    if draw.random() < 0.12:
        _refund(made, draw, row, amount + shipping)
    return row


def _refund(made: Shop, draw: random.Random, row: dict[str, object], total: Decimal) -> None:
    made.features["refund"] += 1
    given = draw.choice((total, total / 2, total - 100))
    if draw.random() < 0.2:
        row["refunded_amount"] = given
        return
    at = row["ordered_at"] + timedelta(days=draw.randint(0, 40))
    goods = row["goods_amount"]
    made.add(
        "refunds",
        refund_id=f"r:{made.number('refunds'):03d}",
        order_id=row["order_id"],
        refunded_at=at,
        refund_amount=given,
        goods_amount=goods if goods is not None and draw.random() < 0.2 else None,
    )
