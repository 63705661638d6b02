"""Cart episodes from events, as definitions, section 4, say. One person's actions at a time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from tests.oracle.persons import People

Row = Mapping[str, object]

IDLE = timedelta(minutes=60)
EXPIRY = timedelta(days=30)
# Equal instants sort add, change, remove, checkout, order.
RANK = {
    "Product Added": 0,
    "Product Removed": 2,
    "Checkout Started": 3,
    "Checkout Step Completed": 3,
    "Payment Info Entered": 3,
    "Payment Failed": 3,
    "order": 4,
}
STAGES = ("cart", "checkout", "payment")


@dataclass
class Episode:
    """One cart, from its first add to its close."""

    person: str
    opened_at: datetime
    last_activity_at: datetime
    quantities: dict[str, Decimal] = field(default_factory=dict)
    prices: dict[str, Decimal] = field(default_factory=dict)
    goods: set[str] = field(default_factory=set)
    cart_ids: set[str] = field(default_factory=set)
    stage: str = "cart"
    closed_at: datetime | None = None
    close_reason: str | None = None
    order_id: str | None = None
    abandonments: list[datetime] = field(default_factory=list)
    value_amount: Decimal | None = None

    def idle_until(self, instant: datetime) -> None:
        """Notes an abandonment if nothing happened for the cut-off before `instant`."""
        cut = self.last_activity_at + IDLE
        if instant >= cut:
            if not self.abandonments:
                known = [product for product in self.quantities if product in self.prices]
                self.value_amount = (
                    sum((self.quantities[p] * self.prices[p] for p in known), Decimal(0))
                    if known
                    else None
                )
            self.abandonments.append(cut)

    def close(self, instant: datetime, reason: str, order_id: str | None = None) -> None:
        """Ends the episode."""
        self.closed_at, self.close_reason, self.order_id = instant, reason, order_id


def product_of(row: Row) -> str:
    """Product, else sku."""
    return str(row["product_id"] if row["product_id"] is not None else row["sku"])


def episodes(
    events: Iterable[Row],
    orders: Iterable[Row],
    items: Iterable[Row],
    found: People,
    *,
    as_of: datetime,
) -> list[Episode]:
    """All episodes of one shop, opened before `as_of`."""
    actions: dict[str, list[tuple[datetime, int, str, Row]]] = defaultdict(list)
    for event in events:
        if event["is_bot"] or event["occurred_at"] >= as_of or event["event_name"] not in RANK:
            continue
        person = found.of_event(event)
        if person is not None:
            rank = RANK[str(event["event_name"])]
            actions[person].append((event["occurred_at"], rank, str(event["event_id"]), event))
    for order in orders:
        person = found.of_order(order)
        if order["ordered_at"] >= as_of or person is None:
            continue
        actions[person].append(
            (
                order["ordered_at"],
                RANK["order"],
                str(order["order_id"]),
                {**order, "event_name": "order"},
            )
        )
    goods: dict[str, set[str]] = defaultdict(set)
    for item in items:
        goods[str(item["order_id"])].add(product_of(item))
    done: list[Episode] = []
    for person in sorted(actions):
        done += _of_person(person, sorted(actions[person], key=lambda a: a[:3]), goods, as_of)
    return done


def _of_person(
    person: str,
    actions: list[tuple[datetime, int, str, Row]],
    goods: Mapping[str, set[str]],
    as_of: datetime,
) -> list[Episode]:
    done: list[Episode] = []
    cart: Episode | None = None
    for at, _, key, row in actions:
        if cart is not None and at >= cart.last_activity_at + EXPIRY:
            cart = _expire(cart)
        name = row["event_name"]
        if name == "Product Added":
            if cart is None:
                cart = Episode(person, at, at)
                done.append(cart)
            else:
                cart.idle_until(at)
            _add(cart, row)
            cart.last_activity_at = at
        elif cart is None:
            continue
        elif name == "Product Removed":
            cart = _remove(cart, row, at)
        elif name == "order":
            bought = goods.get(key, set())
            same_cart = row["cart_id"] is not None and row["cart_id"] in cart.cart_ids
            if same_cart or bought & cart.goods or not bought:
                cart.idle_until(at)
                cart.close(at, "ordered", key)
                cart = None
        else:
            cart.idle_until(at)
            reached = "payment" if str(name).startswith("Payment") else "checkout"
            cart.stage = max(cart.stage, reached, key=STAGES.index)
            cart.last_activity_at = at
            if row["cart_id"] is not None:
                cart.cart_ids.add(str(row["cart_id"]))
    if cart is not None:
        if as_of >= cart.last_activity_at + EXPIRY:
            _expire(cart)
        else:
            cart.idle_until(as_of)
    return done


def _expire(cart: Episode) -> None:
    end = cart.last_activity_at + EXPIRY
    cart.idle_until(end)
    cart.close(end, "expired")


def _add(cart: Episode, row: Row) -> None:
    product = product_of(row)
    quantity = Decimal(1) if row["quantity"] is None else Decimal(row["quantity"])
    cart.quantities[product] = cart.quantities.get(product, Decimal(0)) + quantity
    cart.goods.add(product)
    if row["price_amount"] is not None:
        cart.prices[product] = Decimal(row["price_amount"])
    if row["cart_id"] is not None:
        cart.cart_ids.add(str(row["cart_id"]))


def _remove(cart: Episode, row: Row, at: datetime) -> Episode | None:
    product = product_of(row)
    held = cart.quantities.get(product, Decimal(0))
    if held == 0:
        return cart
    cart.idle_until(at)
    gone = held if row["quantity"] is None else min(held, Decimal(row["quantity"]))
    cart.quantities[product] = held - gone
    cart.last_activity_at = at
    if not any(cart.quantities.values()):
        cart.close(at, "emptied")
        return None
    return cart
