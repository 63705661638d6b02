"""Motivation scores and whether they tell who buys (definitions, section 8)."""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta

from tests.oracle.behaviour import favourites, once, seen
from tests.oracle.behaviour_persons import sights
from tests.oracle.facts import Fact
from tests.oracle.intervals import newcombe, wilson
from tests.oracle.reports import rate
from tests.oracle.sales import sales_of_persons
from tests.oracle.world import World

WEEK, WATCHED = timedelta(days=7), timedelta(days=30)
KINDS = {
    "Product Viewed": "product_view",
    "Products Searched": "search",
    "Product Added": "add_to_cart",
    "Checkout Started": "checkout",
    "Signed Up": "sign_up",
}
PICTURES = 3
BANDS = ("low", "middle", "high")
# Kind, instant and date of something that counts.
Sign = tuple[str, datetime, date]


@once
def fct_motivation_scores(world: World) -> list[Fact]:
    """Everybody ever seen, in shops that give events."""
    events = seen(world)
    if not events:
        return []
    shop, signs = world.shop, signs_of_persons(world)
    sales, begins_on = sales_of_persons(world.orders), events[0].day
    rows = []
    for person, traces in sights(world).items():
        from_at = traces.first_at
        if from_at is None:
            continue
        to_at, bought = from_at + WEEK, [order.ordered_at for order in sales.get(person, ())]
        first_at = bought[0] if bought else None
        week: int | None = None
        if shop.on(from_at) >= begins_on:
            week = points(world, signs[person], from_at, min([to_at, *bought]))
        # What led to the last order has been bought.
        rolling = points(world, signs[person], max([shop.as_of - WEEK, *bought[-1:]]), shop.as_of)
        rows.append(
            {
                "person_id": person,
                "week_band": None if week is None else band_of(world, week),
                "rolling_band": band_of(world, rolling),
                "week_state": "final" if to_at <= shop.as_of else "accruing",
                "has_ordered_in_week": first_at is not None and first_at < to_at,
                "week_score": week,
                "rolling_score": rolling,
                "week_from_at": from_at,
                "week_to_at": to_at,
                "first_ordered_at": first_at,
            }
        )
    return rows


@once
def signs_of_persons(world: World) -> dict[str, list[Sign]]:
    """What everybody did that counts."""
    found: dict[str, list[Sign]] = defaultdict(list)
    pictures: Counter[tuple[str, str, date]] = Counter()
    days: dict[str, set[date]] = defaultdict(set)
    for one in seen(world):
        if one.name in KINDS:
            found[one.person].append((KINDS[one.name], one.at, one.day))
        if one.name == "Product Image Viewed" and one.product is not None:
            place = (one.person, one.product, one.day)
            pictures[place] += 1
            # The third says it; a fourth says no more.
            if pictures[place] == PICTURES:
                found[one.person].append(("three_pictures", one.at, one.day))
        if days[one.person] and one.day not in days[one.person]:
            found[one.person].append(("return_day", one.at, one.day))
        days[one.person].add(one.day)
    for favourite in favourites(world):
        found[favourite.person].append(("favourite", favourite.at, favourite.day))
    return found


def points(world: World, signs: list[Sign], from_at: datetime, to_at: datetime) -> int:
    """Points of what lies in a window, each kind so often in a day as its row says."""
    weights = {row["weight_key"]: row for row in world.shop["motivation_weights"]}
    counts = Counter((kind, day) for kind, at, day in signs if from_at <= at < to_at)
    return sum(
        min(count, weights[kind]["daily_cap"]) * weights[kind]["points"]
        for (kind, _), count in counts.items()
        if kind in weights
    )


def band_of(world: World, score: int) -> str:
    """Name of the band a score lies in."""
    settings = world.shop.settings
    return BANDS[(score >= settings["motivation_low"]) + (score >= settings["motivation_high"])]


@once
def rpt_motivation_calibration(world: World) -> list[Fact]:
    """First orders of the thirty days after the week, by band."""
    watched: dict[str, list[bool]] = {band: [] for band in BANDS}
    for fact in fct_motivation_scores(world):
        ends_at = fact["week_to_at"] + WATCHED
        if fact["week_band"] is None or fact["has_ordered_in_week"] or ends_at > world.shop.as_of:
            continue
        first_at = fact["first_ordered_at"]
        watched[fact["week_band"]].append(first_at is not None and first_at < ends_at)
    counts = {band: (sum(given), len(given)) for band, given in watched.items()}
    # A band is inverted against any band below it, not only the next: that one may be empty.
    inverted = {
        band
        for number, band in enumerate(BANDS)
        if any(
            counts[band][1] and counts[lower][1] and newcombe(counts[band], counts[lower])[1] < 0
            for lower in BANDS[:number]
        )
    }
    return [
        {
            "week_band": band,
            "band_no": number,
            "is_inverted": band in inverted,
            "is_working": not inverted,
            "person_count": counts[band][1],
            "orderer_count": counts[band][0],
            "first_purchase_rate": rate(*counts[band]),
            "first_purchase_rate_low": wilson(*counts[band])[0] if counts[band][1] else None,
            "first_purchase_rate_high": wilson(*counts[band])[1] if counts[band][1] else None,
        }
        for number, band in enumerate(BANDS, 1)
    ]
