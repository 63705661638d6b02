"""Generated shops, small and nasty: boundaries hit exactly, ties, shared browsers, merged accounts."""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

AS_OF = datetime(2026, 6, 20, 3, 0)
ZONES = ("Asia/Tokyo", "America/New_York", "Europe/London")
PRODUCTS = ("p:1", "p:2", "p:3", "p:4")
# Clusters around the hour before and after clocks change, and around midnight in Tokyo.
ANCHORS = (
    datetime(2026, 3, 8, 6, 30),
    datetime(2026, 3, 29, 0, 30),
    datetime(2026, 2, 28, 14, 59),
    datetime(2026, 5, 31, 15, 0),
)
GAPS = (
    timedelta(0),
    timedelta(minutes=1),
    timedelta(minutes=59, seconds=59),
    timedelta(minutes=60),
    timedelta(minutes=61),
    timedelta(hours=30),
    timedelta(days=29, hours=23),
    timedelta(days=30),
    timedelta(days=31),
)
STEPS = ("Product Added", "Product Removed", "Checkout Started", "Payment Failed", "Product Viewed")


@dataclass
class Shop:
    """One shop's landed rows by table, and how often each hard case occurs in it."""

    shop_id: str
    zone: str
    tables: dict[str, list[dict[str, object]]] = field(
        default_factory=lambda: {
            name: [] for name in ("customers", "events", "orders", "order_items", "refunds")
        }
    )
    features: Counter[str] = field(default_factory=Counter)

    def on(self, instant: datetime) -> object:
        """Calendar date of an instant in the shop's zone."""
        return instant.replace(tzinfo=UTC).astimezone(ZoneInfo(self.zone)).date()


def shop(number: int) -> Shop:
    """The shop of that number: always the same one."""
    draw = random.Random(f"shop {number}")
    made = Shop(f"s{number:04d}", draw.choice(ZONES))
    accounts = _customers(made, draw)
    for browser in range(draw.randint(1, 4)):
        _visits(made, draw, f"b:{browser}", accounts)
    for customer in accounts:
        for _ in range(draw.choice((0, 0, 1, 2))):
            _order(made, draw, customer, _instant(draw), draw.sample(PRODUCTS, 1), None)
    return made


def _customers(made: Shop, draw: random.Random) -> list[str]:
    addresses = [f"hash{n}" for n in range(3)]
    ids = []
    for number in range(draw.randint(2, 5)):
        is_member = draw.random() < 0.7
        address = draw.choice([*addresses, None])
        customer_id = f"shop:{number}" if is_member or address is None else f"guest:{address}"
        if customer_id in ids:
            continue
        ids.append(customer_id)
        made.tables["customers"].append(
            {
                "shop_id": made.shop_id,
                "customer_id": customer_id,
                "is_member": is_member,
                "member_state": "active" if is_member else "guest",
                "registered_at": _instant(draw) if is_member else None,
                "email_hash": address,
            }
        )
    hashes = Counter(
        row["email_hash"] for row in made.tables["customers"] if row["email_hash"] is not None
    )
    made.features["merged"] += any(count > 1 for count in hashes.values())
    return ids


def _instant(draw: random.Random) -> datetime:
    if draw.random() < 0.3:
        return draw.choice(ANCHORS) + timedelta(minutes=draw.randint(-90, 90))
    return datetime(2026, 1, 5) + timedelta(seconds=draw.randint(0, 166 * 86400))


def _visits(made: Shop, draw: random.Random, browser: str, accounts: list[str]) -> None:
    at = _instant(draw)
    logged_in: str | None = None
    owners: set[str] = set()
    cart: set[str] = set()
    for _ in range(draw.randint(3, 14)):
        at += draw.choice(GAPS)
        if accounts and draw.random() < 0.2:
            logged_in = draw.choice(accounts)
            owners.add(logged_in)
            _event(made, at, browser, logged_in, "Signed In")
        elif logged_in and draw.random() < 0.15:
            logged_in = None
        elif cart and logged_in and draw.random() < 0.25:
            goods = draw.sample(sorted(cart), 1) if draw.random() < 0.7 else ["p:other"]
            cart_id = f"cart:{browser}" if draw.random() < 0.3 else None
            _order(made, draw, logged_in, at, goods if draw.random() < 0.8 else [], cart_id)
            cart.clear()
        else:
            name = draw.choices(STEPS, (5, 2, 1, 1, 1))[0]
            product = draw.choice(PRODUCTS)
            if name == "Product Added":
                cart.add(product)
            _event(made, at, browser, logged_in, name, product=product, draw=draw)
    made.features["shared_browser"] += len(owners) > 1


def _event(
    made: Shop,
    at: datetime,
    browser: str,
    customer: str | None,
    name: str,
    *,
    product: str | None = None,
    draw: random.Random | None = None,
) -> None:
    rows = made.tables["events"]
    is_cart = name in {"Product Added", "Product Removed"}
    rows.append(
        {
            "shop_id": made.shop_id,
            "event_id": f"e:{len(rows):04d}",
            "event_name": name,
            "occurred_at": at,
            "occurred_on": made.on(at),
            "anonymous_id": browser,
            "customer_id": customer,
            "product_id": product if is_cart or name == "Product Viewed" else None,
            "sku": None,
            "quantity": Decimal(draw.choice((1, 1, 2))) if draw and is_cart else None,
            "price_amount": Decimal(draw.choice((900, 1200))) if draw and is_cart else None,
            "cart_id": f"cart:{browser}" if draw and draw.random() < 0.5 else None,
            "is_bot": bool(draw and draw.random() < 0.03),
        }
    )


def _order(
    made: Shop,
    draw: random.Random,
    customer: str,
    at: datetime,
    goods: list[str],
    cart_id: str | None,
) -> None:
    rows = made.tables["orders"]
    order_id = f"o:{len(rows):04d}"
    status = "cancelled" if draw.random() < 0.1 else "paid"
    amount = Decimal(draw.randint(1, 30) * 100)
    rows.append(
        {
            "shop_id": made.shop_id,
            "order_id": order_id,
            "customer_id": customer,
            "is_guest": customer.startswith("guest:"),
            "ordered_at": at,
            "ordered_on": made.on(at),
            "ordered_precision": "instant",
            "source_status": status,
            "currency": "JPY",
            "goods_amount": amount,
            "total_amount": amount,
            "refunded_amount": Decimal(0),
            "cart_id": cart_id,
        }
    )
    for line, product in enumerate(goods, 1):
        made.tables["order_items"].append(
            {
                "shop_id": made.shop_id,
                "order_item_id": f"{order_id}-{line}",
                "order_id": order_id,
                "line_no": line,
                "product_id": product,
                "sku": None,
                "product_name": product,
                "quantity": Decimal(1),
                "line_amount": amount / len(goods),
            }
        )
    if status == "paid" and draw.random() < 0.1:
        is_full = draw.random() < 0.5
        refunded_at = at + timedelta(days=draw.randint(0, 40))
        made.features["refund"] += 1
        made.tables["refunds"].append(
            {
                "shop_id": made.shop_id,
                "refund_id": f"r:{order_id}",
                "order_id": order_id,
                "refunded_at": refunded_at,
                "refunded_on": made.on(refunded_at),
                "refund_amount": amount if is_full else amount / 2,
                "goods_amount": None,
            }
        )
