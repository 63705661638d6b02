"""What people lean to, what is bought most and what goes together (definitions, section 8)."""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import permutations

from tests.oracle.behaviour import YEAR, once, order_lines, purchasable, signals
from tests.oracle.facts import Fact
from tests.oracle.world import World

POINTS = {"order": 3, "cart": 2, "favourite": 2, "view": 1}
HALF_LIFE_DAYS = 90
LEAST_SIGNALS = 3
TASTES, HALF = 3, 0.5
WINDOWS = (7, 30)
LEAST_PERSONS = 5
LEAST_SUPPORT = 5
RANKED, PAIRED = 20, 10
# A basket of more products is a stock order.
MOST_PRODUCTS = 30
# What the shop has put together itself: product → partner → rank, if it has one.
Own = dict[str, dict[str, int | None]]


@once
def fct_person_tendencies(world: World) -> list[Fact]:
    """Everybody's shares of categories, brands and tags."""
    traits = labels(world)
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    weights: dict[tuple[str, str], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for person, product, kind, last_at, count in _by_day(world):
        age = (world.shop.as_of - last_at).days
        weight = count * POINTS[kind] * 0.5 ** (age / HALF_LIFE_DAYS)
        for dimension, value in traits.get(product, ()):
            counts[person, dimension][value] += count
            weights[person, dimension][value] += weight
    summed_up = {
        place: {value: round(weight, 9) for value, weight in given.items()}
        for place, given in weights.items()
    }
    everybody: dict[str, Counter[str]] = defaultdict(Counter)
    for (_, dimension), summed in summed_up.items():
        everybody[dimension].update(summed)
    rows = []
    for (person, dimension), of_value in counts.items():
        if of_value.total() < LEAST_SIGNALS:
            continue
        summed, of_all = summed_up[person, dimension], everybody[dimension]
        ranked = sorted(summed, key=lambda value: (-summed[value], value))
        for number, value in enumerate(ranked, 1):
            share = round(summed[value] / sum(summed.values()), 9)
            shop_share = round(of_all[value] / of_all.total(), 9)
            rows.append(
                {
                    "person_id": person,
                    "dimension": dimension,
                    "dimension_value": value,
                    "tendency_rank": number,
                    # What everybody buys is nobody's taste, unless it is most of what they do.
                    "is_taste": number <= TASTES
                    and (share >= 2 * shop_share or (dimension == "category" and share > HALF)),
                    "signal_count": of_value[value],
                    "signal_weight": summed[value],
                    "tendency_share": share,
                    "shop_share": shop_share,
                }
            )
    return rows


def _by_day(world: World) -> list[tuple[str, str, str, datetime, int]]:
    """Signals of one kind, product and day with the last instant of it: they age as one."""
    held: dict[tuple[str, str, str, date], list[datetime]] = defaultdict(list)
    for signal in signals(world):
        held[signal.person, signal.product, signal.kind, signal.day].append(signal.at)
    return [(*place[:3], max(at), len(at)) for place, at in held.items()]


def labels(world: World) -> dict[str, list[tuple[str, str]]]:
    """Category, brand and tags of every product of the catalogue."""
    found: dict[str, list[tuple[str, str]]] = {}
    for row in world.shop["products"]:
        pairs = (("category", row["primary_category_id"]), ("brand", row["brand"]))
        found[str(row["product_id"])] = [(name, str(v)) for name, v in pairs if v is not None]
    for row in world.shop["product_tags"]:
        found.setdefault(str(row["product_id"]), []).append(("tag", str(row["tag"])))
    return found


@once
def rpt_category_ranking(world: World) -> list[Fact]:
    """Bestsellers of every category by the persons who ordered, or of the one above it."""
    products = {str(row["product_id"]): row for row in world.shop["products"]}
    names = {str(row["category_id"]): row["category_name"] for row in world.shop["categories"]}
    rows = []
    for days in WINDOWS:
        rankings = _rankings(world, timedelta(days=days))
        for category in names:
            shown = next((one for one in upwards(world, category) if one in rankings), None)
            if shown is None:
                continue
            ranked, persons = rankings[shown]
            for number, (product, orderers, adders) in enumerate(ranked[:RANKED], 1):
                rows.append(
                    {
                        "category_id": category,
                        "window_days": days,
                        "category_rank": number,
                        "ranked_category_id": shown,
                        "product_id": product,
                        "category_name": names[category],
                        "product_name": products[product]["product_name"],
                        "is_fallback": shown != category,
                        "category_person_count": persons,
                        "orderer_count": orderers,
                        "adder_count": adders,
                    }
                )
    return rows


def upwards(world: World, category: str) -> list[str]:
    """A category and those above it, nearest first."""
    parents = {str(r["category_id"]): r["parent_id"] for r in world.shop["categories"]}
    found: list[str] = []
    while category in parents and category not in found:
        found.append(category)
        category = str(parents[category])
    return found


def guide_of(world: World, category: object) -> object:
    """The page of advice of a category, or of the nearest above that has one."""
    pages = {str(row["category_id"]): row["guide_url"] for row in world.shop["categories"]}
    above = [] if category is None else upwards(world, str(category))
    return next((pages[one] for one in above if pages[one] is not None), None)


def _rankings(world: World, window: timedelta) -> dict[str, tuple[list[tuple[str, int, int]], int]]:
    """Products and persons of the categories in which enough people ordered what can be bought."""
    sold = purchasable(world)
    members: dict[str, set[str]] = defaultdict(set)
    placed = [(row["product_id"], row["primary_category_id"]) for row in world.shop["products"]]
    # Beside its main category a product may stand in others.
    placed += [(row["product_id"], row["category_id"]) for row in world.shop["product_categories"]]
    for product, place in placed:
        if place is not None and str(product) in sold:
            for category in upwards(world, str(place)):
                members[category].add(str(product))
    persons: dict[tuple[str, str], set[str]] = defaultdict(set)
    for signal in signals(world):
        if signal.at >= world.shop.as_of - window:
            persons[signal.product, signal.kind].add(signal.person)
    found = {}
    for category, products in members.items():
        everybody = set[str]().union(*(persons[one, "order"] for one in products))
        if len(everybody) < LEAST_PERSONS:
            continue
        counted = [
            (one, len(persons[one, "order"]), len(persons[one, "cart"]))
            for one in products
            if persons[one, "order"]
        ]
        counted.sort(key=lambda one: (-one[1], -one[2], one[0]))
        found[category] = (counted, len(everybody))
    return found


@once
def rpt_item_pairs(world: World) -> list[Fact]:
    """What is bought or viewed together, the shop's own pairs first."""
    own: Own = defaultdict(dict)
    for row in world.shop["product_relations"]:
        if row["relation_kind"] == "coordinate" and row["product_id"] != row["related_id"]:
            own[str(row["product_id"])][str(row["related_id"])] = row["relation_rank"]
    return [
        *_pairs_of(world, "ordered", _ordered(world), own),
        *_pairs_of(world, "viewed", _viewed(world), defaultdict(dict)),
    ]


def _pairs_of(world: World, kind: str, baskets: list[set[str]], own: Own) -> list[Fact]:
    products = {str(row["product_id"]): row for row in world.shop["products"]}
    sold, (singles, pairs) = purchasable(world), _counts(baskets)
    partners: dict[str, set[str]] = defaultdict(set)
    for pair in [*pairs, *((one, other) for one in own for other in own[one])]:
        partners[pair[0]].add(pair[1])
    rows = []
    for one, others in partners.items():
        for number, other in enumerate(_ranked(one, others, own[one], singles, pairs), 1):
            if one not in products or other not in products:
                continue
            support = pairs.get((one, other))
            rows.append(
                {
                    "pair_kind": kind,
                    "product_id": one,
                    "pair_rank": number,
                    "other_product_id": other,
                    "product_name": products[one]["product_name"],
                    "other_product_name": products[other]["product_name"],
                    "is_curated": other in own[one],
                    "is_other_purchasable": other in sold,
                    "support_count": support,
                    "product_basket_count": singles[one] if support else None,
                    "other_basket_count": singles[other] if support else None,
                    "basket_count": len(baskets) if support else None,
                    "confidence_rate": support / singles[one] if support else None,
                    "lift": support * len(baskets) / singles[one] / singles[other]
                    if support
                    else None,
                }
            )
    return rows


def _ranked(
    one: str,
    others: set[str],
    own: dict[str, int | None],
    singles: Counter[str],
    pairs: dict[tuple[str, str], int],
) -> list[str]:
    """Partners of a product: the shop's own by their rank, then by lift, support and id."""

    def place(other: str) -> tuple[object, ...]:
        rank, support = own.get(other), pairs.get((one, other), 0)
        # Of one product's partners the lift stands as support to the partner's baskets.
        lift = Fraction(support, singles[other]) if support else Fraction(0)
        return (other not in own, rank is None, rank or 0, not support, -lift, -support, other)

    return sorted(others, key=place)[:PAIRED]


def _counts(baskets: list[set[str]]) -> tuple[Counter[str], dict[tuple[str, str], int]]:
    """Baskets with a product, and those with two, where they are enough."""
    singles = Counter(one for basket in baskets for one in basket)
    pairs = Counter(pair for basket in baskets for pair in permutations(sorted(basket), 2))
    return singles, {pair: count for pair, count in pairs.items() if count >= LEAST_SUPPORT}


def _ordered(world: World) -> list[set[str]]:
    """What one person ordered on one day; of an order nobody can be named for, what it holds."""
    lines, baskets = order_lines(world), defaultdict(set)
    for order in world.orders:
        if order.is_sale and order.ordered_at >= world.shop.as_of - YEAR:
            key = (order.person, order.ordered_on) if order.person else order.order_id
            baskets[key].update(lines.get(order.order_id, ()))
    return _kept(baskets)


def _viewed(world: World) -> list[set[str]]:
    """What one person viewed in one session."""
    baskets: dict[object, set[str]] = defaultdict(set)
    for session in world.sessions:
        for event in session.events:
            if (
                event["event_name"] == "Product Viewed"
                and event["product_id"] is not None
                and event["occurred_at"] >= world.shop.as_of - YEAR
            ):
                key = (session.session_id, world.people.of_event(event))
                baskets[key].add(str(event["product_id"]))
    return _kept(baskets)


def _kept(baskets: dict[object, set[str]]) -> list[set[str]]:
    return [basket for basket in baskets.values() if 0 < len(basket) <= MOST_PRODUCTS]
