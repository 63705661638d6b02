"""Carts that are only seen as they stand: what changed between two sights of one."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from tests.oracle.known import Known, Row, money
from tests.oracle.persons import People
from tests.oracle.sales import Order

# A cart may vanish from the shop a little before its order is written.
SOON = timedelta(days=1)


@dataclass
class Sight:
    """A change that a sight of a cart shows."""

    actor: str
    person: str | None
    cart_id: str
    at: datetime
    kind: str
    key: str
    basis: str = "snapshot"
    precision: str = "snapshot"
    item: str | None = None
    product: str | None = None
    sku: str | None = None
    change: Decimal | None = None
    stated: Decimal | None = None
    price: Decimal | None = None
    identified_at: datetime | None = None


@dataclass
class Look:
    """How a cart stood at an instant; `goods` is None where the list of them did not change."""

    at: datetime
    state: str
    goods: dict[str, Row] | None
    precision: str


def hashed(*parts: object) -> str:
    """Key of an action that has none of its own."""
    return hashlib.md5("|".join(str(part) for part in parts).encode()).hexdigest()


def sights(shop: Known, found: People, made: list[Order]) -> Iterator[Sight]:
    """Every change shown by a cart table or a list of checkouts."""
    carts = {str(row["cart_id"]): row for row in shop["carts"]}
    observed: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(shop["cart_observations"], key=lambda r: r["observed_at"]):
        observed[str(row["cart_id"])].append(row)
    items: dict[tuple[str, datetime], list[Row]] = defaultdict(list)
    for row in shop["cart_items"]:
        items[str(row["cart_id"]), row["observed_at"]].append(row)
    ordered: dict[str, list[Order]] = defaultdict(list)
    for order in made:
        if order.is_placed:
            linked = {c for c, row in carts.items() if row["order_id"] == order.order_id}
            for cart_id in linked | {str(order.row["cart_id"])}:
                ordered[cart_id].append(order)
    for cart_id in sorted({*carts, *observed}):
        cart = carts.get(cart_id, Row())
        owner = _owner(cart, observed[cart_id], found, ordered[cart_id])
        if owner is None:
            continue
        person, identified_at = owner
        if observed[cart_id]:
            looks = list(_observed(observed[cart_id], items))
        elif cart["cart_kind"] != "derived":
            looks = list(_listed(cart, items, shop.as_of))
        else:
            looks = []
        held: dict[str, Row] = {}
        for look in looks:
            for sight in _changes(cart_id, look, held):
                is_gone = look.state == "gone"
                if is_gone and any(
                    look.at <= order.ordered_at < look.at + SOON for order in ordered[cart_id]
                ):
                    continue
                sight.actor = person or f"cart:{cart_id}"
                sight.person, sight.identified_at = person, identified_at
                sight.precision = look.precision
                sight.basis = "disappeared" if is_gone and sight.item else "snapshot"
                yield sight
            if look.goods is not None:
                held = look.goods


def _owner(
    cart: Row, looks: list[Row], found: People, ordered: list[Order]
) -> tuple[str | None, datetime | None] | None:
    """Person of a cart and since when they are known; None for a test account's."""
    accounts = [str(row["customer_id"]) for row in looks if row["customer_id"] is not None]
    browsers = [str(row["anonymous_id"]) for row in looks if row["anonymous_id"] is not None]
    customer = cart["customer_id"] or max(accounts, default=None)
    identified_at = min(
        (row["observed_at"] for row in looks if row["customer_id"] is not None), default=None
    )
    by_address = found.person_of_address.get(str(cart["email_hash"]))
    if customer is not None or by_address is not None:
        person = by_address if customer is None else found.of_account(str(customer))
        since = identified_at or cart["created_at"] or cart["last_activity_at"]
        return None if person is None else (person, since)
    browser = found.browsers.get(str(cart["anonymous_id"] or max(browsers, default=None)))
    linked_at = None if browser is None else browser.linked_at
    # A cart without an owner belongs to whom its order names, from that order on.
    named = sorted((o for o in ordered if o.person), key=lambda o: (o.ordered_at, o.order_id))
    if named:
        return named[0].person, min(i for i in (linked_at, named[0].ordered_at) if i is not None)
    if browser is not None:
        return None if browser.is_excluded else (browser.person, linked_at)
    return (None, None) if not browsers else None


def _observed(looks: list[Row], items: dict[tuple[str, datetime], list[Row]]) -> Iterator[Look]:
    """First and changed sights only: seen again as it was, a cart says nothing new."""
    before: Row | None = None
    for row in looks:
        at, state = row["observed_at"], str(row["cart_state"])
        was_gone = before is not None and before["cart_state"] == "gone"
        has_changed = before is None or row["items_hash"] != before["items_hash"] or was_gone
        if state == "gone":
            if before is not None and not was_gone:
                yield Look(at, "gone", {}, "snapshot")
        elif has_changed or (before is not None and state != before["cart_state"]):
            goods = _goods(row, items[str(row["cart_id"]), at]) if has_changed else None
            yield Look(at, state, goods, "snapshot")
        before = row


def _listed(
    cart: Row, items: dict[tuple[str, datetime], list[Row]], as_of: datetime
) -> Iterator[Look]:
    """A list of carts with clocks of their own, each cart shown once."""
    precision, last = str(cart["last_activity_precision"]), cart["last_activity_at"]
    created = cart["created_at"]
    # With no clock of its own the cart is as young as the list that shows it.
    has_clock = precision == "instant" and created is not None and created < last
    opened = created if has_clock else last
    newest = max((at for cart_id, at in items if cart_id == cart["cart_id"]), default=None)
    goods = _goods(cart, [] if newest is None else items[str(cart["cart_id"]), newest])
    looks = [Look(opened, "present", goods, precision)]
    if cart["cart_kind"] == "checkout" or cart["checkout_started_at"] is not None:
        started = max(cart["checkout_started_at"] or opened, opened)
        looks.append(Look(started, "checkout", None, precision))
    if last > opened:
        looks.append(Look(last, "touched", None, precision))
    if cart["disappeared_at"] is not None and cart["disappeared_at"] > opened:
        looks.append(Look(cart["disappeared_at"], "gone", {}, precision))
    yield from (look for look in looks if look.at < as_of)


def _goods(seen: Row, lines: list[Row]) -> dict[str, Row]:
    """What lies in a cart by item; where only the count is known, the cart stands for its goods."""
    goods: dict[str, Row] = {}
    if not lines:
        count, total = money(seen["items_count"]), money(seen["total_amount"])
        if count is not None and count > 0:
            price = None if total is None else round(total / count, 4)
            goods[str(seen["cart_id"])] = Row(quantity=count, unit_amount=price)
        return goods
    for line in lines:
        if line["removed_at"] is not None:
            continue
        item = str(line["product_id"] or line["sku"] or line["variant_id"] or seen["cart_id"])
        known = goods.setdefault(item, Row(quantity=Decimal(0), **{
            name: line[name] for name in ("product_id", "sku", "unit_amount")
        }))  # fmt: skip
        known["quantity"] = Decimal(str(known["quantity"])) + Decimal(str(line["quantity"]))
    return {item: row for item, row in goods.items() if row["quantity"] > 0}


def _changes(cart_id: str, look: Look, held: dict[str, Row]) -> Iterator[Sight]:
    """What one look shows that the one before did not."""
    if look.state in {"checkout", "payment", "touched"}:
        kind = "change" if look.state == "touched" else look.state
        yield Sight("", None, cart_id, look.at, kind, hashed(cart_id, look.at, look.state))
    if look.goods is None:
        return
    for item in sorted({*held, *look.goods}):
        before = Decimal(str(held[item]["quantity"])) if item in held else Decimal(0)
        now = Decimal(str(look.goods[item]["quantity"])) if item in look.goods else Decimal(0)
        if now == before:
            continue
        row = look.goods.get(item) or held[item]
        yield Sight(
            "", None, cart_id, look.at, "add" if now > before else "remove",
            hashed(cart_id, look.at, item),
            # Two carts seen side by side hold their own goods each.
            item=f"{cart_id}|{item}", product=row["product_id"], sku=row["sku"],
            change=None if now > before else now - before,
            stated=now if now > before else None, price=money(row["unit_amount"]),
        )  # fmt: skip
