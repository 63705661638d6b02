"""Each order is credited once, over all campaigns (definitions, section 5)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from tests.oracle.episodes import Episode, Held
from tests.oracle.known import Known
from tests.oracle.messages import Message
from tests.oracle.sales import Order, sales_of_persons
from tests.oracle.sessions import Session

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
    # The message with the last click of unknown origin before an order that no touch has earned.
    possible: Message | None = None

    @property
    def is_recovered(self) -> bool:
        """It came after a touch."""
        return self.touched_at is not None


def credited_orders(
    shop: Known, made: list[Order], messages: list[Message], carts: list[Episode],
    visited: list[Session],
) -> list[Credit]:  # fmt: skip
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
    goods = goods_of(shop)
    items = {cart.episode_id: list(cart.items.values()) for cart in carts}
    visits: dict[object, list[Session]] = defaultdict(list)
    for session in visited:
        if session.token is not None:
            visits[session.token].append(session)
    done = []
    for given in candidates.values():
        message, order = max(given, key=lambda pair: _claim(*pair))
        touches = _before(message, order)
        last = max((at for at, _ in touches), default=None)
        possible = None if touches else _possible([one for one, _ in given], order)
        done.append(
            Credit(
                order, message, last,
                EVIDENCE[min(rank for _, rank in touches)] if touches else None,
                is_same_goods(items.get(message.occurrence, []), goods[order.order_id]),
                has_coupon(message, order) or has_token(message, order) or any(
                    s.started_at <= order.ordered_by_at < s.gap_ends_at
                    for s in visits[message.handed.claim["recipient_token"]]
                ),
                possible,
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


def is_same_goods(items: list[Held], bought: tuple[set[object], set[object]]) -> bool:
    """At least one item of the episode was bought."""
    return any(
        (held.product is not None and held.product in bought[0])
        or (held.sku is not None and held.sku in bought[1])
        for held in items
    )


def _possible(candidates: list[Message], order: Order) -> Message | None:
    clicks = [
        (event.at, message.message_id, message)
        for message in candidates
        for event in message.events
        if event.kind == "click"
        and event.reader == "unknown"
        and message.sent_at <= event.at <= order.ordered_by_at
    ]
    return max(clicks, key=lambda click: click[:2])[2] if clicks else None


def goods_of(shop: Known) -> dict[str, tuple[set[object], set[object]]]:
    goods: dict[str, tuple[set[object], set[object]]] = defaultdict(lambda: (set(), set()))
    for line in shop["order_items"]:
        if line["product_id"] is not None:
            goods[str(line["order_id"])][0].add(line["product_id"])
        if line["sku"] is not None:
            goods[str(line["order_id"])][1].add(line["sku"])
    return goods
