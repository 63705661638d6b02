"""What people show of themselves: what counts for scores, tendencies, rankings and pairs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import wraps
from typing import TypeVar, cast

from tests.oracle.due import shelf_of
from tests.oracle.known import Row
from tests.oracle.snapshots import sights
from tests.oracle.world import World

YEAR = timedelta(days=365)
SIGNS = {"Product Added": "cart", "Product Viewed": "view"}
Said = TypeVar("Said")


def once(says: Callable[[World], Said]) -> Callable[[World], Said]:
    """The same function, asked once per world: what it said stays with the world."""
    key = f"{says.__module__}.{says.__qualname__}"

    @wraps(says)
    def kept(world: World) -> Said:
        if key not in vars(world):
            vars(world)[key] = says(world)
        return cast(Said, vars(world)[key])

    return kept


@dataclass(frozen=True)
class Signal:
    """One thing done with one product."""

    person: str
    product: str
    kind: str
    at: datetime
    day: date


@dataclass(frozen=True)
class Seen:
    """An event somebody can be named for."""

    person: str
    event: Row
    at: datetime
    day: date

    @property
    def name(self) -> str:
        """What happened."""
        return str(self.event["event_name"])

    @property
    def product(self) -> str | None:
        """With which product, if any."""
        return None if self.event["product_id"] is None else str(self.event["product_id"])


@once
def seen(world: World) -> list[Seen]:
    """Every event of a person, in their order. Bots and browsers of nobody do not count."""
    found = []
    for event in world.shop["events"]:
        person = world.people.of_event(event)
        if person is not None and not event["is_bot"]:
            at = event["occurred_at"]
            found.append(Seen(person, event, at, world.shop.on(at)))
    return sorted(found, key=lambda one: (one.at, str(one.event["event_id"])))


@once
def favourites(world: World) -> list[Signal]:
    """Favourites, each person's of one product once a day: the event and its row are one act."""
    first: dict[tuple[str, str, date], datetime] = {}
    for person, product, at in _favoured(world):
        place = (person, product, world.shop.on(at))
        first[place] = min(first.get(place, at), at)
    return [Signal(*place[:2], "favourite", at, place[2]) for place, at in first.items()]


def _favoured(world: World) -> Iterator[tuple[str, str, datetime]]:
    for one in seen(world):
        if one.name == "Product Added to Wishlist" and one.product is not None:
            yield one.person, one.product, one.at
    for person, product, at, _ in listed_favourites(world):
        if person is not None:
            yield person, product, at


def listed_favourites(
    world: World,
) -> Iterator[tuple[str | None, str, datetime, datetime | None]]:
    """Person, product, begin and end of the favourites: whose a row would be as an event."""
    for row in world.shop["favourites"]:
        as_event = Row(
            customer_id=row["customer_id"],
            anonymous_id=row["anonymous_id"],
            occurred_at=row["added_at"],
        )
        person = world.people.of_event(as_event)
        yield person, str(row["product_id"]), row["added_at"], row["removed_at"]


@once
def signals(world: World) -> list[Signal]:
    """Orders, cart adds, favourites and views of the last 365 days."""
    logged = {
        (one.person, one.product, one.day) for one in seen(world) if one.name == "Product Added"
    }
    lines = order_lines(world)
    found = [
        *favourites(world),
        *(
            Signal(order.person, product, "order", order.ordered_at, order.ordered_on)
            for order in world.orders
            if order.is_sale and order.person is not None
            for product in lines.get(order.order_id, ())
        ),
        *(
            Signal(one.person, one.product, SIGNS[one.name], one.at, one.day)
            for one in seen(world)
            if one.name in SIGNS and one.product is not None
        ),
        # A cart seen as it stands shows what was put in, unless the log of that day knows of it.
        *(put for put in _put_in_carts(world) if (put.person, put.product, put.day) not in logged),
    ]
    return [signal for signal in found if signal.at >= world.shop.as_of - YEAR]


def _put_in_carts(world: World) -> Iterator[Signal]:
    """What one sight of a cart holds more of than the one before, by somebody and of a product."""
    for sight in sights(world.shop, world.people, world.orders):
        if sight.kind == "add" and sight.person is not None and sight.product is not None:
            yield Signal(
                sight.person, str(sight.product), "cart", sight.at, world.shop.on(sight.at)
            )


@once
def order_lines(world: World) -> dict[str, list[str]]:
    """Products of every order's lines; a free gift was not chosen."""
    lines: dict[str, list[str]] = {}
    for line in world.shop["order_items"]:
        if line["product_id"] is not None and not line["is_free"]:
            lines.setdefault(str(line["order_id"]), []).append(str(line["product_id"]))
    return lines


@once
def purchasable(world: World) -> set[str]:
    """Products on sale that are in stock, by a variant of theirs where they have some."""
    ids = [str(row["product_id"]) for row in world.shop["products"]]
    return {product for product in ids if shelf_of(world.shop, product)["is_purchasable"]}


@once
def owned(world: World) -> dict[tuple[str, str], date]:
    """Person and product of every line ever bought or got for nothing, with its last day."""
    persons = {order.order_id: order for order in world.orders if order.is_sale and order.person}
    found: dict[tuple[str, str], date] = {}
    for line in world.shop["order_items"]:
        order = persons.get(str(line["order_id"]))
        if order is not None and line["product_id"] is not None:
            place = (str(order.person), str(line["product_id"]))
            found[place] = max(found.get(place, order.ordered_on), order.ordered_on)
    return found
