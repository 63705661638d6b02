"""What a mail shows each person, and what is recommended to them (definitions, section 8)."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from tests.oracle.behaviour import Signal, favourites, listed_favourites, once, owned, seen, signals
from tests.oracle.behaviour_products import (
    fct_person_tendencies,
    guide_of,
    rpt_category_ranking,
    rpt_item_pairs,
)
from tests.oracle.due import shelf_of
from tests.oracle.facts import Fact
from tests.oracle.known import Row
from tests.oracle.sales import sales_of_persons
from tests.oracle.world import World

SOURCES = ("cart", "favourite", "viewed")
ITEMS, RECOMMENDED, SEEDS = 3, 6, 5
RANKED_DAYS = 30


@dataclass
class Offer:
    """Something a mail may show."""

    product: str
    name: str
    price: Decimal | None
    image: str
    url: str
    band: str
    at: datetime | None = None
    key: str = ""


@once
def fct_person_content(world: World) -> list[Fact]:
    """Everybody to whom a mail can show something, by the first source that has any."""
    rankings, mine = bestsellers(world), owned(world)
    shelf = {str(row["product_id"]): shown_of(world, row) for row in world.shop["products"]}
    offers: dict[tuple[str, str], list[Offer]] = defaultdict(list)
    for person, source, key, product, at in _wanted(world, mine):
        if (offer := shelf.get(str(product))) is not None:
            offers[person, source].append(replace(offer, at=at, key=key))
    rows = []
    for person in world.people.persons():
        source = next((one for one in SOURCES if offers[person, one]), "ranking")
        given = sorted(offers[person, source], key=lambda one: one.key)
        given.sort(key=lambda one: one.at, reverse=True)
        if source == "ranking":
            shown = [
                shelf.get(one) for one in rankings.get(person, ()) if (person, one) not in mine
            ]
            given = [one for one in shown if one is not None][:ITEMS]
        if given:
            rows.append(_content(world, person, source, given))
    return rows


def _content(world: World, person: str, source: str, given: list[Offer]) -> Fact:
    category_of = {r["product_id"]: r["primary_category_id"] for r in world.shop["products"]}
    fact: Fact = {
        "person_id": person,
        "content_source": source,
        "stock_band": given[0].band,
        "guide_url": guide_of(world, category_of[given[0].product]),
        "currency": world.shop.currency,
        "items_more": max(len(given) - ITEMS, 0),
        "newest_signal_at": given[0].at,
    }
    for number in range(ITEMS):
        one = given[number] if number < len(given) else None
        fact |= {
            f"item_{number + 1}_product_id": one and one.product,
            f"item_{number + 1}_name": one and one.name,
            f"item_{number + 1}_price": one and one.price,
            f"item_{number + 1}_image_url": one and one.image,
            f"item_{number + 1}_url": one and one.url,
        }
    return fact


def shown_of(world: World, row: Row) -> Offer | None:
    """A product as a mail shows it: on sale, in stock, with a picture and a page."""
    shelf = shelf_of(world.shop, row["product_id"])
    if not shelf["is_purchasable"] or not row["image_url"] or not row["url"]:
        return None
    return Offer(
        str(row["product_id"]), row["product_name"], row["price_amount"], row["image_url"],
        row["url"], str(shelf["stock_band"]),
    )  # fmt: skip


def _wanted(
    world: World, mine: dict[tuple[str, str], date]
) -> Iterator[tuple[str, str, str, str | None, datetime]]:
    """Person, source, key, product and newest instant of what is held, favoured or viewed."""
    for cart in world.carts:
        if cart.person is not None and cart.close_reason is None:
            for key, held in cart.items.items():
                if held.quantity > 0:
                    at = held.added_at or cart.last_activity_at
                    yield cart.person, "cart", key, held.product, at
    newest: dict[tuple[str, str, str], tuple[date, datetime]] = {}
    views = [signal for signal in signals(world) if signal.kind == "view"]
    for source, given in (("favourite", standing_favourites(world)), ("viewed", views)):
        for signal in given:
            place, latest = (signal.person, source, signal.product), (signal.day, signal.at)
            newest[place] = max(newest.get(place, latest), latest)
    for (person, source, product), (day, at) in newest.items():
        # Bought on the day of the last look or later, it is wanted no more.
        bought_on = mine.get((person, product))
        if bought_on is None or bought_on < day:
            yield person, source, product, product, at


@once
def standing_favourites(world: World) -> list[Signal]:
    """Favourites that were not lifted at their day's last marking or after it."""
    marked: dict[tuple[str, str, date], datetime] = {}
    lifted: dict[tuple[str, str], datetime] = {}
    for one in seen(world):
        if one.product is not None and one.name == "Product Added to Wishlist":
            place = (one.person, one.product, one.day)
            marked[place] = max(marked.get(place, one.at), one.at)
        if one.product is not None and one.name == "Product Removed from Wishlist":
            lifted[one.person, one.product] = one.at
    for person, product, at, removed_at in listed_favourites(world):
        if person is None:
            continue
        place = (person, product, world.shop.on(at))
        marked[place] = max(marked.get(place, at), at)
        if removed_at is not None and removed_at < world.shop.as_of:
            earlier = lifted.get((person, product), removed_at)
            lifted[person, product] = max(earlier, removed_at)
    return [
        one
        for one in favourites(world)
        if (one.person, one.product) not in lifted
        or lifted[one.person, one.product] < marked[one.person, one.product, one.day]
    ]


@once
def bestsellers(world: World) -> dict[str, list[str]]:
    """The ranking of thirty days of everybody's strongest category."""
    ranking: dict[str, list[str]] = defaultdict(list)
    for fact in rpt_category_ranking(world):
        if fact["window_days"] == RANKED_DAYS:
            ranking[str(fact["category_id"])].append(str(fact["product_id"]))
    return {
        str(fact["person_id"]): ranking[str(fact["dimension_value"])]
        for fact in fct_person_tendencies(world)
        if fact["dimension"] == "category" and fact["tendency_rank"] == 1
    }


@once
def fct_person_recommendations(world: World) -> list[Fact]:
    """Partners of the last order, of the last views, then bestsellers."""
    pairs: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in rpt_item_pairs(world):
        if fact["is_other_purchasable"]:
            pairs[str(fact["pair_kind"]), str(fact["product_id"])].append(fact)
    rankings, mine, viewed = bestsellers(world), owned(world), _last_viewed(world)
    bought = _last_bought(world)
    rows = []
    for person in world.people.persons():
        found: list[tuple[tuple[object, ...], Fact]] = []
        for place, (reason, kind, seeds) in enumerate(
            (("pair", "ordered", bought), ("co_view", "viewed", viewed))
        ):
            for seed in seeds.get(person, ()):
                found += [_candidate(place, reason, seed, fact) for fact in pairs[kind, seed]]
        for number, product in enumerate(rankings.get(person, ()), 1):
            row = {"product_id": product, "seed_product_id": None, "is_curated": False,
                   "recommendation_reason": "ranking", "lift": None}  # fmt: skip
            found.append(((2, True, number, True, 0.0, product, ""), row))
        kept: dict[str, Fact] = {}
        for _, row in sorted(found, key=lambda one: one[0]):
            product = str(row["product_id"])
            if (person, product) not in mine and product not in viewed.get(person, ()):
                kept.setdefault(product, row)
        rows += [
            row | {"person_id": person, "recommendation_rank": number}
            for number, row in enumerate([*kept.values()][:RECOMMENDED], 1)
        ]
    return rows


def _candidate(place: int, reason: str, seed: str, fact: Fact) -> tuple[tuple[object, ...], Fact]:
    lift = fact["lift"]
    order = (place, not fact["is_curated"], fact["pair_rank"], lift is None, -(lift or 0.0),
             fact["other_product_id"], seed)  # fmt: skip
    return order, {
        "product_id": fact["other_product_id"],
        "seed_product_id": seed,
        "recommendation_reason": reason,
        "is_curated": fact["is_curated"],
        "lift": lift,
    }


def _last_bought(world: World) -> dict[str, list[str]]:
    """Products of everybody's last order, if it is not their first."""
    lines: dict[object, set[str]] = defaultdict(set)
    for line in world.shop["order_items"]:
        if line["product_id"] is not None and not line["is_free"]:
            lines[line["order_id"]].add(str(line["product_id"]))
    return {
        person: sorted(lines[sales[-1].order_id])
        for person, sales in sales_of_persons(world.orders).items()
        if len(sales) > 1
    }


def _last_viewed(world: World) -> dict[str, list[str]]:
    """The few products everybody viewed last."""
    newest: dict[str, dict[str, datetime]] = defaultdict(dict)
    for signal in signals(world):
        if signal.kind == "view":
            known = newest[signal.person]
            known[signal.product] = max(known.get(signal.product, signal.at), signal.at)
    return {
        person: sorted(sorted(known), key=known.__getitem__, reverse=True)[:SEEDS]
        for person, known in newest.items()
    }
