"""Cart episodes, as definitions, section 4, say. One person's actions at a time."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from tests.oracle.actions import Action, actions
from tests.oracle.known import Known, Row, money
from tests.oracle.persons import People
from tests.oracle.sales import Order
from tests.oracle.snapshots import hashed

STAGES = ("cart", "checkout", "payment")


@dataclass
class Held:
    """One item of a cart: how many lie in it, and its price as last seen."""

    product: str | None
    sku: str | None
    quantity: Decimal = Decimal(0)
    price: Decimal | None = None
    added_at: datetime | None = None


@dataclass
class Episode:
    """One cart, from its first add to its close."""

    episode_id: str
    person: str | None
    opened_at: datetime
    idle: timedelta
    last_activity_at: datetime
    items: dict[str, Held] = field(default_factory=dict)
    cart_ids: set[str] = field(default_factory=set)
    checkout_ids: set[str] = field(default_factory=set)
    devices: set[str] = field(default_factory=set)
    stage: str = "cart"
    precision: str = "instant"
    activity_count: int = 0
    identified_at: datetime | None = None
    closed_at: datetime | None = None
    close_reason: str | None = None
    close_basis: str | None = None
    order_id: str | None = None
    abandonments: list[datetime] = field(default_factory=list)
    # When which step of the checkout was done: cart 1, checkout 2, details 3, payment 4, ordered 5.
    steps: list[tuple[datetime, int]] = field(default_factory=list)
    # What lay in it at the first abandonment, else at the last activity that left something.
    valued: dict[str, Held] = field(default_factory=dict)
    # What lay in it after its last activity but the one that emptied it.
    last: dict[str, Held] = field(default_factory=dict)

    @property
    def abandoned_at(self) -> datetime | None:
        """First instant at which it had been left alone for the cut-off."""
        return self.abandonments[0] if self.abandonments else None

    @property
    def furthest_step(self) -> int:
        """The last step of the checkout it came to."""
        return max(step for _, step in self.steps)

    @property
    def is_running(self) -> bool:
        """Neither abandoned nor closed yet."""
        return self.close_reason is None and not self.abandonments

    def total(self) -> Decimal:
        """How many pieces lie in it."""
        return sum((held.quantity for held in self.items.values()), Decimal(0))

    def idle_until(self, instant: datetime) -> None:
        """Notes an abandonment if nothing happened for the cut-off before `instant`."""
        if instant >= self.last_activity_at + self.idle:
            self.abandonments.append(self.last_activity_at + self.idle)

    def value(self) -> None:
        """Keeps what lies in it: as it is now, and as it was while never abandoned."""
        self.last = {item: replace(held) for item, held in self.items.items()}
        if not self.abandonments:
            self.valued = self.last

    def touch(self, action: Action) -> None:
        """A cart activity."""
        self.last_activity_at = action.at
        self.activity_count += 1
        self.precision = action.precision

    def close(self, instant: datetime, reason: str, basis: str) -> None:
        """Ends the episode."""
        self.closed_at, self.close_reason, self.close_basis = instant, reason, basis

    def value_amount(self) -> Decimal | None:
        """Quantity × price as last seen; unknown where nothing has a price."""
        known = [h.quantity * h.price for h in self.valued.values() if h.price is not None]
        return sum(known, Decimal(0)) if known else None

    def value_now(self, products: dict[str, Row]) -> Decimal | None:
        """The same goods at today's price; what cannot be bought any more counts 0."""
        known = []
        for held in self.valued.values():
            product = products.get(str(held.product))
            if product is None:
                continue
            price = money(product["price_amount"])
            is_out = product["stock_policy"] == "tracked" and (
                product["stock_quantity"] is not None and product["stock_quantity"] <= 0
            )
            if product["product_state"] != "published" or is_out:
                known.append(Decimal(0))
            elif price is not None:
                known.append(held.quantity * price)
        return sum(known, Decimal(0)) if known else None

    def matches(self, action: Action, bought: list[Row]) -> str | None:
        """On what ground an order comes out of this cart, if it does."""
        if action.order_carts & self.cart_ids or action.checkout_id in self.checkout_ids:
            return "same_cart"
        if not bought:
            return "no_items"
        for held in self.items.values():
            for line in bought:
                if held.product is not None and held.product == line["product_id"]:
                    return "same_goods"
                if held.sku is not None and held.sku == line["sku"]:
                    return "same_goods"
        return None


def episodes(shop: Known, found: People, made: list[Order]) -> list[Episode]:
    """All episodes of one shop."""
    goods: dict[object, list[Row]] = {}
    for line in shop["order_items"]:
        if line["product_id"] is not None or line["sku"] is not None:
            goods.setdefault(line["order_id"], []).append(line)
    done: list[Episode] = []
    for _, given in sorted(actions(shop, found, made).items()):
        done += _of_actor(shop, given, goods)
    return done


def _of_actor(shop: Known, given: list[Action], goods: dict[object, list[Row]]) -> list[Episode]:
    idle = timedelta(minutes=shop.settings["cart_idle_minutes"])
    expiry = timedelta(days=shop.settings["cart_expiry_days"])
    done: list[Episode] = []
    cart: Episode | None = None
    for action in given:
        if cart is not None and action.at >= cart.last_activity_at + expiry:
            cart = _expire(cart, expiry)
        if cart is None:
            if action.kind != "add":
                continue
            key = hashed(shop.shop_id, action.key)
            cart = Episode(key, action.person, action.at, idle, action.at)
            done.append(cart)
        cart = _step(cart, action, goods)
    if cart is not None:
        if shop.as_of >= cart.last_activity_at + expiry:
            _expire(cart, expiry)
        else:
            cart.idle_until(shop.as_of)
    return done


def _expire(cart: Episode, expiry: timedelta) -> None:
    end = cart.last_activity_at + expiry
    cart.idle_until(end)
    cart.close(end, "expired", "idle")


def _step(cart: Episode, action: Action, goods: dict[object, list[Row]]) -> Episode | None:
    """The cart after the action, or None where it closed."""
    if action.kind == "order" and action.order is not None:
        basis = cart.matches(action, goods.get(action.order.order_id, []))
        _see(cart, action)
        if basis is None:
            return cart
        cart.idle_until(action.at)
        cart.steps.append((action.at, 5 if action.order.is_sale else 1))
        if action.order.is_sale:
            cart.close(action.at, "ordered", basis)
            cart.order_id = action.order.order_id
        else:
            cart.close(action.at, "emptied", "void_order")
        return None
    _see(cart, action)
    if action.kind != "remove":
        cart.cart_ids |= {action.cart_id} - {None}
        cart.checkout_ids |= {action.checkout_id} - {None}
    reached = action.kind if action.kind in STAGES else "cart"
    cart.stage = max(cart.stage, reached, key=STAGES.index)
    before = cart.total()
    if not _hold(cart, action):
        return cart
    if cart.activity_count:
        cart.idle_until(action.at)
    if action.kind in {"change", "remove"} and before > 0 and cart.total() == 0:
        cart.touch(action)
        basis = "disappeared" if action.basis == "disappeared" else "removed"
        cart.close(action.at, "emptied", basis)
        return None
    cart.touch(action)
    cart.value()
    return cart


def _see(cart: Episode, action: Action) -> None:
    """What any action inside says of the cart's device, owner and progress."""
    cart.steps.append((action.at, action.checkout_step))
    if action.device is not None:
        cart.devices.add(action.device)
    if action.identified_at is not None:
        cart.identified_at = min(cart.identified_at or action.identified_at, action.identified_at)


def _hold(cart: Episode, action: Action) -> bool:
    """Puts in or takes out; True where it was cart activity."""
    if action.item is None:
        return True
    held = cart.items.get(action.item)
    before = held.quantity if held is not None else Decimal(0)
    if action.stated is not None:
        after = action.stated
    else:
        after = max(before + (action.change or Decimal(0)), Decimal(0))
    if action.kind == "remove" and before == 0:
        return False
    if action.kind == "change" and after == before:
        # Nothing new; the price shown is.
        if held is not None and action.price is not None:
            held.price = action.price
        return False
    held = cart.items.setdefault(action.item, Held(action.product, action.sku))
    held.product, held.sku = held.product or action.product, held.sku or action.sku
    held.quantity = after
    if action.kind == "add":
        held.added_at = action.at
    if action.kind != "remove" and action.price is not None:
        held.price = action.price
    return True
