"""Each order is credited once, over all campaigns (definitions, section 5)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.oracle.episodes import Episode
from tests.oracle.known import Known, Row
from tests.oracle.messages import Message
from tests.oracle.persons import People
from tests.oracle.sales import Order, sales_of_persons

EVIDENCE = ("coupon", "link", "click")


@dataclass
class Credit:
    """An order and the one message it is credited to."""

    order: Order
    message: Message
    touched_at: datetime | None
    rule: str | None
    is_same_goods: bool
    is_via_link: bool

    @property
    def is_recovered(self) -> bool:
        """It came after a touch."""
        return self.touched_at is not None


def credited_orders(
    shop: Known, found: People, made: list[Order], messages: list[Message], carts: list[Episode]
) -> list[Credit]:
    """All credits. Adds to each message the touches that the orders themselves show."""
    sales = sales_of_persons(made)
    candidates: dict[str, list[tuple[Message, Order]]] = defaultdict(list)
    for message in messages:
        if not message.is_sent or message.person is None:
            continue
        for order in sales.get(message.person, ()):
            if message.in_window(order.ordered_by_at):
                candidates[order.order_id].append((message, order))
                # The order shows the link's token or the coupon that nobody else was given.
                if has_coupon(message, order):
                    message.touches.append((order.ordered_by_at, 0))
                elif has_token(message, order):
                    message.touches.append((order.ordered_by_at, 1))
    goods = _goods(shop)
    items = {cart.episode_id: cart.items.values() for cart in carts}
    visits = _sessions(shop, found)
    done = []
    for given in candidates.values():
        message, order = max(given, key=lambda pair: _claim(*pair))
        touches = _before(message, order)
        last = max((at for at, _ in touches), default=None)
        bought = goods[order.order_id]
        done.append(
            Credit(
                order, message, last,
                EVIDENCE[min(rank for _, rank in touches)] if touches else None,
                any(
                    (held.product is not None and held.product in bought[0])
                    or (held.sku is not None and held.sku in bought[1])
                    for held in items.get(message.occurrence, ())
                ),
                has_coupon(message, order) or has_token(message, order) or any(
                    start <= order.ordered_by_at < end
                    for start, end in visits[message.handed.claim["recipient_token"]]
                ),
            )
        )  # fmt: skip
    return done


def has_coupon(message: Message, order: Order) -> bool:
    """The order used the message's personal coupon."""
    codes = str(order.row["coupon_codes"] or "").replace(" ", "").split(",")
    return message.handed.claim["coupon_code"] in codes


def has_token(message: Message, order: Order) -> bool:
    """The order itself carries the link's token."""
    token = message.handed.claim["recipient_token"]
    return token is not None and token == order.row["export_token"]


def _before(message: Message, order: Order) -> list[tuple[datetime, int]]:
    return [touch for touch in message.touches if touch[0] <= order.ordered_by_at]


def _claim(message: Message, order: Order) -> tuple[object, ...]:
    """The last touched; untouched, the one handed over last. The greater id parts equals."""
    last = max((at for at, _ in _before(message, order)), default=None)
    instant = message.handed.handed_over_at if last is None else last
    return last is not None, instant, message.message_id


def _goods(shop: Known) -> dict[str, tuple[set[object], set[object]]]:
    goods: dict[str, tuple[set[object], set[object]]] = defaultdict(lambda: (set(), set()))
    for line in shop["order_items"]:
        if line["product_id"] is not None:
            goods[str(line["order_id"])][0].add(line["product_id"])
        if line["sku"] is not None:
            goods[str(line["order_id"])][1].add(line["sku"])
    return goods


def _sessions(shop: Known, found: People) -> dict[object, list[tuple[datetime, datetime]]]:
    """Start and end of the sessions that began with a link's token, by token."""
    gap = timedelta(minutes=shop.settings["session_gap_minutes"])
    runs: dict[str, list[Row]] = defaultdict(list)
    for event in shop["events"]:
        person = found.of_event(event)
        if not event["is_bot"] and person is not None:
            browser = event["anonymous_id"]
            runs[f"b:{browser}" if browser is not None else f"p:{person}"].append(event)
    begun: dict[object, list[tuple[datetime, datetime]]] = defaultdict(list)
    for events in runs.values():
        events.sort(key=lambda e: (e["occurred_at"], e["event_id"]))
        first: Row | None = None
        last: Row | None = None
        for event in [*events, None]:
            if event is None or last is None or event["occurred_at"] >= last["occurred_at"] + gap:
                if first is not None and last is not None and first["export_token"] is not None:
                    span = (first["occurred_at"], last["occurred_at"] + gap)
                    begun[first["export_token"]].append(span)
                first = event
            last = event
    return begun
