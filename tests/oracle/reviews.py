"""Whom to ask for a review, of which orders: each once ever (definitions, section 10)."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from tests.oracle.behaviour import once
from tests.oracle.campaigns import Version
from tests.oracle.facts import Fact
from tests.oracle.known import Row
from tests.oracle.sales import Order
from tests.oracle.segments import looked_back_to, terms
from tests.oracle.segments_of_goods import can_be_shown, items_of_mail
from tests.oracle.sequences import Occurrence, Sequence, members, of_segment
from tests.oracle.world import World


@dataclass(frozen=True)
class Due:
    """An order by the rule of one version: when its delay begins, and the day it is due."""

    order: Order
    version: Version
    basis: str
    at: datetime
    on: date
    due_on: date


@once
def fct_reviewable_goods(world: World) -> list[Fact]:
    """Goods bought, paid for and kept that their buyer has not reviewed, by order."""
    sales = {order.order_id: order for order in world.orders if order.is_sale}
    reviewed = set(_reviewed(world))
    found: dict[tuple[str, str], Order] = {}
    for line in world.shop["order_items"]:
        order, product = sales.get(str(line["order_id"])), line["product_id"]
        if order is None or product is None or line["is_free"]:
            continue
        is_returned = Decimal(str(line["refunded_quantity"] or 0)) >= Decimal(str(line["quantity"]))
        if not is_returned and (order.person, product) not in reviewed:
            found[order.order_id, str(product)] = order
    return [
        {"order_id": order_id, "product_id": product, "person_id": order.person,
         "ordered_at": order.ordered_at}
        for (order_id, product), order in found.items()
    ]  # fmt: skip


def _reviewed(world: World) -> Iterator[tuple[str, object]]:
    """A review that names only an order is its buyer's."""
    buyers = {order.order_id: order.person for order in world.orders}
    for row in world.shop["product_reviews"]:
        person = None
        if row["customer_id"] is not None:
            person = world.people.of_account(str(row["customer_id"]))
        person = person or buyers.get(str(row["order_id"]))
        if person is not None:
            yield person, row["product_id"]


def fct_review_orders(world: World) -> list[Fact]:
    """Every order that may be asked about, by the newest version of each campaign that ran then."""
    return [
        {
            "order_id": one.order.order_id,
            "campaign_key": one.version[0],
            "campaign_version": one.version[1],
            "person_id": one.order.person,
            "occurrence_key": str(one.due_on),
            "basis": one.basis,
            "ordered_at": one.order.ordered_at,
            "basis_at": one.at,
            "basis_on": one.on,
        }
        for one in _open(world)
    ]


def _open(world: World) -> list[Due]:
    """Orders of the newest version that ran when their days began, but those asked about before."""
    before = orders_asked_before(world)
    return [one for one in _newest(world) if (one.order.order_id, *_occasion(one)) not in before]


def orders_asked_before(world: World) -> set[tuple[str, str, date]]:
    """Order, campaign and day by which another campaign or day has asked about it before."""
    told = defaultdict(set)
    for order_id, *occasion in _asked(world):
        told[order_id].add(tuple(occasion))
    return {
        (one.order.order_id, *_occasion(one))
        for one in _newest(world)
        if told[one.order.order_id] - {_occasion(one)}
    }


def _occasion(one: Due) -> tuple[str, date]:
    return one.version[0], one.due_on


def _newest(world: World) -> list[Due]:
    versions = of_segment(world, "review_request")
    newest: dict[tuple[str, str], Due] = {}
    for one in _due(world):
        place = (one.order.order_id, one.version[0])
        if versions[one.version].runs(world.shop.day_start(one.on)) and (
            place not in newest or newest[place].version < one.version
        ):
            newest[place] = one
    return list(newest.values())


@once
def _due(world: World) -> list[Due]:
    """Orders with goods to review, or none that anybody knows, by the rule of every version."""
    return [
        one
        for order in _orders(world)
        for version, sequence in of_segment(world, "review_request").items()
        if 1 in sequence.steps and (one := _due_by(world, order, version, sequence)) is not None
    ]


def _orders(world: World) -> Iterator[Order]:
    known = {row["order_id"] for row in world.shop["order_items"] if row["product_id"] is not None}
    reviewable = {fact["order_id"] for fact in fct_reviewable_goods(world)}
    for order in world.orders:
        if not order.is_sale or order.person is None or not _is_recent(world, order):
            continue
        if order.order_id not in known or order.order_id in reviewable:
            yield order


def _due_by(world: World, order: Order, version: Version, sequence: Sequence) -> Due | None:
    first = sequence.steps[1]
    measured = str(first["measured_from"])
    basis = measured if measured in {"shipped", "delivered"} else "ordered"
    at = order.row[f"{basis}_at"]
    if at is None or at >= world.shop.as_of:
        return None
    on, days = world.shop.on(at), int(str(first["delay_minutes"])) // 1440
    return Due(order, version, basis, at, on, on + timedelta(days=days))


def _is_recent(world: World, order: Order) -> bool:
    return order.ordered_at > looked_back_to(world)


def _asked(world: World) -> Iterator[tuple[str, str, date]]:
    """Orders a mail asked about, or would have but for the holdout: due that day by its version."""
    told = {
        (message.person, message.campaign, message.occurrence)
        for message in world.messages
        if message.step == 1
    } | set(_held_out(world))
    for one in _due(world):
        if (one.order.person, one.version, str(one.due_on)) in told:
            yield one.order.order_id, one.version[0], one.due_on


def _held_out(world: World) -> Iterator[tuple[object, ...]]:
    """Person, version and occurrence of every first step somebody was held out of."""
    batches = {row["export_batch_id"]: row for row in world.shop["export_batches"]}
    for claim in world.shop["export_claims"]:
        batch = batches.get(claim["export_batch_id"])
        if batch is None or claim["claim_state"] != "held_out" or batch["step_number"] != 1:
            continue
        if batch["batch_state"] not in {"void", "expired"}:
            version = (batch["campaign_key"], batch["campaign_version"])
            yield world.people.of_claim(claim), version, claim["occurrence_key"]


def seg_review_request(world: World) -> list[Fact]:
    """All orders of a person that are due on one day are one mail."""
    groups: dict[tuple[object, ...], list[Due]] = defaultdict(list)
    for one in _open(world):
        groups[one.order.person, one.version, one.due_on].append(one)
    goods: dict[str, list[str]] = defaultdict(list)
    for fact in fct_reviewable_goods(world):
        goods[str(fact["order_id"])].append(str(fact["product_id"]))
    return members(
        world, "review_request", [_request(world, given, goods) for given in groups.values()]
    )


def _request(world: World, given: list[Due], goods: dict[str, list[str]]) -> Occurrence:
    products = {str(row["product_id"]): row for row in world.shop["products"]}
    bought: dict[str, datetime] = {}
    for one in given:
        for product in goods[one.order.order_id]:
            bought[product] = max(bought.get(product, one.order.ordered_at), one.order.ordered_at)
    # The newest order's goods first.
    newest = sorted(sorted(bought), key=bought.__getitem__, reverse=True)
    shown = [row for p in newest if can_be_shown(row := products.get(p, Row()))]
    first = given[0]
    return Occurrence(
        str(first.order.person),
        str(first.due_on),
        max(one.at for one in given),
        world.shop.day_start(first.on),
        f"no_review_since_{first.basis}",
        {
            **items_of_mail(shown),
            "currency": world.shop.currency,
            "review_basis": first.basis,
            "order_count": len(given),
            "review_basis_on": first.on,
            **terms(world, "warranty_months"),
        },
        "order" if shown else "none",
        version=first.version,
    )
