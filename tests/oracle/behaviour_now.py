"""Who hesitates just now, and which novelties are to whose taste (definitions, section 8)."""

from collections import defaultdict
from datetime import date, datetime, timedelta

from tests.oracle.behaviour import Seen, once, owned, purchasable, seen, signals
from tests.oracle.behaviour_phases import stays
from tests.oracle.behaviour_products import fct_person_tendencies, labels
from tests.oracle.behaviour_scores import WEEK, points, signs_of_persons
from tests.oracle.facts import Fact
from tests.oracle.known import Row
from tests.oracle.sales import sales_of_persons
from tests.oracle.world import World

DAY = timedelta(hours=24)
LEAST_LOOKS = 3
TICK = timedelta(microseconds=1)
LOOKS = {"Product Image Viewed": "picture", "Product Viewed": "view"}
# Below the second order.
# A product of several tastes is named by the larger share, then by its category.
DIMENSIONS = ("category", "tag")


@once
def fct_hesitating_persons(world: World) -> list[Fact]:
    """Everybody motivated whose looks or cart say that they cannot decide."""
    now, signs = world.shop.as_of, signs_of_persons(world)
    high = world.shop.settings["motivation_high"]
    sales = sales_of_persons(world.orders)
    carts, events = _open_carts(world), defaultdict(list)
    for one in seen(world):
        events[one.person].append(one)
    rows = []
    for person, given in stays(world).items():
        from_at = max([now - WEEK, *(o.ordered_at for o in sales.get(person, ())[-1:])])
        score = points(world, signs[person], from_at, now)
        if not given or not _may_hesitate(world, given[-1].phase) or score < high:
            continue
        looks = _looks(events[person], max(from_at, now - DAY))
        ends = [times[-LEAST_LOOKS] + DAY for of_kind in looks.values() for times in of_kind.values()
                if len(times) >= LEAST_LOOKS]  # fmt: skip
        cart_at = carts.get(person)
        expiry = timedelta(days=world.shop.settings["cart_expiry_days"])
        ends += [cart_at + expiry] if cart_at else []
        if not ends:
            continue
        product = min(looks, key=lambda one: _place(one, looks[one], now), default=None)
        kinds = looks.get(str(product), {})
        pictures, views = kinds.get("picture", []), kinds.get("view", [])
        is_picture = len(pictures) >= LEAST_LOOKS
        falls_at = min(
            at + WEEK
            for _, at, _ in signs[person]
            if at >= from_at and points(world, signs[person], at + TICK, now) < high
        )
        last = [times[-1] for of_kind in looks.values() for times in of_kind.values() if times]
        rows.append(
            {
                "person_id": person,
                "product_id": product,
                "phase": given[-1].phase,
                "hesitation_kind": "cart" if not product else "pictures" if is_picture else "views",
                "has_open_cart": cart_at is not None,
                "rolling_score": score,
                "picture_count": len(pictures) if product else None,
                "view_count": len(views) if product else None,
                "last_sign_at": max([*last, *([cart_at] if cart_at else [])]),
                "valid_until_at": min(falls_at, max(ends)),
            }
        )
    return rows


def _may_hesitate(world: World, phase: str) -> bool:
    """Whether a phase begins with fewer orders than somebody may have who cannot decide."""
    settings = world.shop.settings
    begins = {
        "first_buyer": 1, "second_buyer": 2, "repeat": 3, "loyal": settings["loyal_order_count"],
    }  # fmt: skip
    return begins.get(phase, 0) < settings["hesitating_below_order_count"]


def _open_carts(world: World) -> dict[str, datetime]:
    """Last activity of everybody's open carts."""
    found: dict[str, datetime] = {}
    for cart in world.carts:
        if cart.close_reason is None and cart.person is not None:
            found[cart.person] = max(found.get(cart.person, cart.last_activity_at),
                                     cart.last_activity_at)  # fmt: skip
    return found


def _looks(events: list[Seen], from_at: datetime) -> dict[str, dict[str, list[datetime]]]:
    """Instants of looks by product and kind, of products with enough looks of one kind."""
    found: dict[str, dict[str, list[datetime]]] = defaultdict(lambda: defaultdict(list))
    for one in events:
        if one.name in LOOKS and one.product is not None and one.at >= from_at:
            found[one.product][LOOKS[one.name]].append(one.at)
    return {
        product: of_kind
        for product, of_kind in found.items()
        if any(len(times) >= LEAST_LOOKS for times in of_kind.values())
    }


def _place(product: str, of_kind: dict[str, list[datetime]], now: datetime) -> tuple[object, ...]:
    """Most looks first, then the latest, then the smaller id."""
    times = sorted(at for given in of_kind.values() for at in given)
    return (-len(times), now - times[-1], product)


@once
def fct_new_arrival_matches(world: World) -> list[Fact]:
    """Novelties by the taste of everybody who has one."""
    new, known = _novelties(world), {*(s[:2] for s in _known(world))}
    traits, tastes = labels(world), defaultdict(dict)
    for fact in fct_person_tendencies(world):
        if fact["is_taste"] and fact["dimension"] in DIMENSIONS:
            tastes[fact["person_id"]][fact["dimension"], fact["dimension_value"]] = fact
    rows = []
    for person, taste in tastes.items():
        matches = []
        for product, row in new.items():
            found = [taste[trait] for trait in traits.get(product, ()) if trait in taste]
            if found and (person, product) not in known:
                found.sort(
                    key=lambda f: (-f["tendency_share"], f["dimension"], f["dimension_value"])
                )
                matches.append((found[0], row))
        matches.sort(key=lambda m: (-m[0]["tendency_share"], -new_from_on(world, m[1]).toordinal(),
                                    str(m[1]["product_id"])))  # fmt: skip
        rows += [
            {
                "person_id": person,
                "product_id": row["product_id"],
                "matched_dimension": best["dimension"],
                "matched_value": best["dimension_value"],
                "product_name": row["product_name"],
                "image_url": row["image_url"],
                "url": row["url"],
                "currency": world.shop.currency,
                "match_rank": number,
                "tendency_rank": best["tendency_rank"],
                "tendency_share": best["tendency_share"],
                "price_amount": row["price_amount"],
                "new_from_on": new_from_on(world, row),
                "new_basis": new_basis(world, row),
            }
            for number, (best, row) in enumerate(matches, 1)
        ]
    return rows


def new_basis(world: World, row: Row) -> str | None:
    """What says since when a product is new: first published, else made, else first in a load."""
    if row["first_published_on"] is not None:
        return "first_published"
    if row["created_at"] is not None:
        return "created"
    loads = _first_loads(world)
    return "first_seen" if loads[row["product_id"]] > min(loads.values()) else None


def new_from_on(world: World, row: Row) -> date:
    """That day; what nobody can date was always there."""
    match new_basis(world, row):
        case "first_published":
            return row["first_published_on"]
        case "created":
            return world.shop.on(row["created_at"])
        case "first_seen":
            return _first_loads(world)[row["product_id"]]
    return date.min


@once
def _first_loads(world: World) -> dict[object, date]:
    """The day each product first stood in a load; all are of one source."""
    found: dict[object, date] = {}
    for row in world.shop.versions["products"]:
        day = world.shop.on(row["loaded_at"] or world.shop.as_of)
        found[row["product_id"]] = min(found.get(row["product_id"], day), day)
    return found


def _novelties(world: World) -> dict[str, Row]:
    """What can be bought and is new today."""
    sold, today = purchasable(world), world.shop.as_of_on
    first = today - timedelta(days=world.shop.settings["new_days"])
    return {
        str(row["product_id"]): row
        for row in world.shop["products"]
        if str(row["product_id"]) in sold and first < new_from_on(world, row) <= today
    }


def _known(world: World) -> list[tuple[str, str]]:
    """What everybody has viewed or owns."""
    viewed = [(s.person, s.product) for s in signals(world) if s.kind == "view"]
    return [*viewed, *owned(world)]
