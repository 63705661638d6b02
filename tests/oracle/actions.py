"""What a person does with a cart: from events and orders (definitions, section 4)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tests.oracle.known import Known, Row, money
from tests.oracle.persons import People
from tests.oracle.sales import Order
from tests.oracle.snapshots import Sight, sights

KINDS = {
    "Product Added": "add",
    "Product Removed": "remove",
    "Cart Viewed": "change",
    "Checkout Started": "checkout",
    "Checkout Step Completed": "checkout",
    "Payment Info Entered": "payment",
    "Payment Failed": "payment",
}
# Equal instants sort add, change, remove, checkout, order.
RANK = {"add": 0, "change": 1, "remove": 2, "checkout": 3, "payment": 3, "order": 4}


@dataclass
class Action:
    """One thing done with a cart, or an order that may close it."""

    at: datetime
    kind: str
    key: str
    person: str | None
    basis: str = "event"
    precision: str = "instant"
    item: str | None = None
    product: str | None = None
    sku: str | None = None
    change: Decimal | None = None
    stated: Decimal | None = None
    price: Decimal | None = None
    cart_id: str | None = None
    checkout_id: str | None = None
    device: str | None = None
    identified_at: datetime | None = None
    order: Order | None = None
    order_carts: frozenset[str] = frozenset()
    is_completed_step: bool = False

    @property
    def checkout_step(self) -> int:
        """Step of the checkout it shows."""
        if self.is_completed_step:
            return 3
        return {"checkout": 2, "payment": 4}.get(self.kind, 1)

    @property
    def place(self) -> tuple[datetime, int, str]:
        """Where it stands among the actions of its person."""
        return self.at, RANK[self.kind], self.key


def actions(shop: Known, found: People, made: list[Order]) -> dict[str, list[Action]]:
    """Every person's (or nobody's cart's) actions, in their order."""
    by_actor: dict[str, list[Action]] = defaultdict(list)
    for event in shop["events"]:
        person = found.of_event(event)
        if not event["is_bot"] and person is not None and (given := _of_event(event)) is not None:
            given.person, given.identified_at = person, found.identified_at(event)
            by_actor[person].append(given)
    for sight in sights(shop, found, made):
        by_actor[sight.actor].append(_of_sight(sight))
    last_of_day: dict[tuple[str, date], datetime] = {}
    for actor, given in by_actor.items():
        for action in given:
            place = (actor, shop.on(action.at))
            last_of_day[place] = max(last_of_day.get(place, action.at), action.at)
    carts_of_order: dict[object, set[str]] = defaultdict(set)
    for cart in shop["carts"]:
        if cart["order_id"] is not None:
            carts_of_order[cart["order_id"]].add(str(cart["cart_id"]))
    for order in made:
        cart_id = order.row["cart_id"]
        actor = order.person or (None if cart_id is None else f"cart:{cart_id}")
        if not order.is_placed or actor is None:
            continue
        at = order.ordered_at
        # Of an order only the date is known: it closes what was put in on that date, too.
        if order.row["ordered_precision"] == "day":
            at = max(at, last_of_day.get((actor, order.ordered_on), at))
        carts = {*carts_of_order[order.order_id], *([str(cart_id)] if cart_id else [])}
        by_actor[actor].append(
            Action(
                at, "order", order.order_id, order.person, basis="order", order=order,
                precision=str(order.row["ordered_precision"]), order_carts=frozenset(carts),
                device=order.row["device"], checkout_id=order.row["checkout_token"],
                identified_at=order.ordered_at if order.person else None,
            )
        )  # fmt: skip
    return {actor: sorted(given, key=lambda a: a.place) for actor, given in by_actor.items()}


def _of_event(event: Row) -> Action | None:
    kind = KINDS.get(str(event["event_name"]))
    item = event["product_id"] or event["sku"]
    # A view that names no goods and no quantity shows no change.
    if kind is None or (kind == "change" and (event["quantity"] is None or item is None)):
        return None
    quantity = money(event["quantity"])
    action = Action(
        event["occurred_at"], kind, str(event["event_id"]), None,
        cart_id=event["cart_id"], checkout_id=event["checkout_id"], device=event["device"],
        price=money(event["price_amount"]),
        is_completed_step=event["event_name"] == "Checkout Step Completed",
    )  # fmt: skip
    if kind in {"add", "remove", "change"}:
        action.item = str(item or "unnamed")
        action.product, action.sku = event["product_id"], event["sku"]
    if kind == "add":
        action.change = Decimal(1) if quantity is None else quantity
    elif kind == "remove" and quantity is not None:
        action.change = -quantity
    elif kind == "remove":
        # A remove without a quantity takes out all of that product.
        action.stated = Decimal(0)
    elif kind == "change":
        action.stated = quantity
    return action


def _of_sight(sight: Sight) -> Action:
    return Action(
        sight.at, sight.kind, sight.key, sight.person,
        basis=sight.basis, precision=sight.precision, item=sight.item, product=sight.product,
        sku=sight.sku, change=sight.change, stated=sight.stated, price=sight.price,
        cart_id=sight.cart_id, checkout_id=None if sight.item else sight.cart_id,
        identified_at=sight.identified_at,
    )  # fmt: skip
