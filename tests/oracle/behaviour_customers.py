"""All that stands on a customer's page: who they say they are, what they want, and what was sent."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from tests.oracle import behaviour_persons
from tests.oracle.behaviour import YEAR, once
from tests.oracle.behaviour_now import fct_hesitating_persons
from tests.oracle.behaviour_offers import standing_favourites
from tests.oracle.behaviour_persons import accounts_of_persons
from tests.oracle.behaviour_phases import stays
from tests.oracle.behaviour_products import fct_person_tendencies
from tests.oracle.behaviour_scores import fct_motivation_scores
from tests.oracle.credit import has_coupon
from tests.oracle.episodes import Episode
from tests.oracle.facts import Fact
from tests.oracle.known import Row
from tests.oracle.reports import total
from tests.oracle.retention_customers import GROUPS, fifths
from tests.oracle.retention_waits import STATUSES, limits, order_days, waits
from tests.oracle.sales import Order, sales_of_persons
from tests.oracle.world import World

# What the account that speaks for a person says of them.
SAID = (
    "member_state", "birth_year", "birth_month", "birth_day", "sex", "locale", "customer_rank",
    "points_balance", "points_expire_on",
)  # fmt: skip
RANKED = ("rfm_group", "recency_score", "frequency_score", "monetary_score")
COUPON_TIME, LEAST_LEFT, MONTH = timedelta(days=30), 2, timedelta(days=30)
LEANING = {"category": "taste_category_id", "tag": "taste_tag", "brand": "taste_brand"}


@once
def dim_persons(world: World) -> list[Fact]:
    """Everybody, with everything known of them."""
    given = stays(world)
    scores = {fact["person_id"]: fact for fact in fct_motivation_scores(world)}
    hesitating = {fact["person_id"]: fact for fact in fct_hesitating_persons(world)}
    names = {row["category_id"]: row["category_name"] for row in world.shop["categories"]}
    said, leaning, wanting = _said(world), _leaning(world), _wanting(world)
    told, ranked = _statuses(world), _ranked(world)
    sales, sent, blocked = sales_of_persons(world.orders), _sent(world), _blocked(world)
    rows = []
    for fact in behaviour_persons.dim_persons(world):
        person = str(fact["person_id"])
        stay = given[person][-1] if given.get(person) else None
        score, doubt = scores.get(person, {}), hesitating.get(person)
        taste = leaning.get(person, dict.fromkeys(LEANING.values()))
        last_on = fact["last_seen_on"]
        rows.append(
            fact
            | said.get(person, dict.fromkeys((*SAID, "prefecture")))
            | taste
            | wanting[person]
            | {"purchase_status": told.get(person)}
            | ranked.get(person, dict.fromkeys(RANKED))
            | _year(world, sales.get(person, []))
            | {
                "days_since_last_seen": last_on and (world.shop.as_of_on - last_on).days,
                "phase": stay and stay.phase,
                "phase_since_at": stay and stay.from_at,
                "first_week_band": score.get("week_band"),
                "motivation_band": score.get("rolling_band", "low"),
                "motivation_score": score.get("rolling_score", 0),
                "is_hesitating": doubt is not None,
                "hesitating_until_at": doubt and doubt["valid_until_at"],
                "top_category_name": names.get(fact["top_category_id"]),
                "taste_category_name": names.get(taste["taste_category_id"]),
                "is_trained_abandoner": person in blocked,
                "coupon_blocked_until_at": blocked.get(person),
                "message_count_30d": sum(at >= world.shop.as_of - MONTH for at in sent[person]),
                "last_sent_at": max(sent[person], default=None),
            }
        )
    return rows


def _said(world: World) -> dict[str, Fact]:
    """One account speaks: members first, then who gives a birth month, then the smallest id."""
    described = {str(row["customer_id"]): row for row in world.shop["customers"]}
    found = {}
    for person, accounts in accounts_of_persons(world).items():
        rows = {a.customer_id: described.get(a.customer_id, Row()) for a in accounts}
        speaks = min(
            accounts,
            key=lambda a: (not a.has_joined, rows[a.customer_id]["birth_month"] is None,
                           a.customer_id),
        )  # fmt: skip
        row = rows[speaks.customer_id]
        places = [str(r["prefecture"]) for r in rows.values() if r["prefecture"] is not None]
        found[person] = {name: row[name] for name in SAID} | {
            "prefecture": row["prefecture"] or max(places, default=None)
        }
    return found


def _leaning(world: World) -> dict[str, Fact]:
    """What everybody leans to most of each kind."""
    found: dict[str, Fact] = defaultdict(lambda: dict.fromkeys(LEANING.values()))
    for fact in fct_person_tendencies(world):
        if fact["tendency_rank"] == 1:
            found[str(fact["person_id"])][LEANING[str(fact["dimension"])]] = fact["dimension_value"]
    return found


def _wanting(world: World) -> dict[str, Fact]:
    """Carts and favourites of everybody."""
    carts: dict[str, list[Episode]] = defaultdict(list)
    for cart in world.carts:
        if cart.person is not None:
            carts[cart.person].append(cart)
    marked: dict[str, set[str]] = defaultdict(set)
    for favourite in standing_favourites(world):
        marked[favourite.person].add(favourite.product)
    products = {str(row["product_id"]): row for row in world.shop["products"]}
    found = {}
    for person in world.people.persons():
        is_open = [cart for cart in carts[person] if cart.close_reason is None]
        left = [cart.abandoned_at for cart in carts[person] if cart.abandoned_at is not None]
        found[person] = {
            "has_open_cart": bool(is_open),
            "open_cart_amount": total([cart.value_now(products) for cart in is_open]),
            "abandoned_cart_count": len(left),
            "last_abandoned_at": max(left, default=None),
            "favourite_count": len(marked[person]),
        }
    return found


def _statuses(world: World) -> dict[str, str]:
    """Status of every customer now, by the limits of this month."""
    told, today = limits(world), world.shop.as_of_on
    found = {}
    for person, held in waits(world).items():
        given = told.get((today.replace(day=1), held[-1].band))
        if given is not None:
            waited = (today - held[-1].ordered_on).days
            found[person] = STATUSES[sum(waited > limit for limit in given)]
    return found


def _ranked(world: World) -> dict[str, Fact]:
    """Scores of every customer, by fifths of those of the month's first day."""
    today, held = world.shop.as_of_on, order_days(world)
    month = today.replace(day=1)
    before = [{day: spent for day, spent in days.items() if day < month} for days in held.values()]
    before = [days for days in before if days]
    if not before:
        return {}
    recent = fifths([Decimal((month - max(days)).days) for days in before])
    often = fifths([Decimal(len(days)) for days in before])
    much = fifths([sum(days.values(), Decimal(0)) for days in before])
    found = {}
    for person, days in held.items():
        recency = 5 - sum((today - max(days)).days > limit for limit in recent)
        frequency = 1 + sum(len(days) > limit for limit in often)
        spent = sum(days.values(), Decimal(0))
        found[person] = {
            "rfm_group": GROUPS[recency][frequency - 1],
            "recency_score": recency,
            "frequency_score": frequency,
            "monetary_score": 1 + sum(spent > limit for limit in much),
        }
    return found


def _year(world: World, sales: list[Order]) -> Fact:
    """Orders of the last 365 days, and the largest ever."""
    recent = [order for order in sales if order.ordered_at >= world.shop.as_of - YEAR]
    known = [order.revenue for order in sales if order.revenue is not None]
    return {
        "order_count_365d": len(recent),
        "revenue_365d_amount": total([o.revenue for o in recent]) if recent else Decimal(0),
        "largest_order_amount": max(known, default=None),
    }


def _sent(world: World) -> dict[str, list]:
    """When something of ours went to everybody."""
    found = defaultdict(list)
    for message in world.messages:
        if message.is_sent and message.person is not None:
            found[message.person].append(message.sent_at)
    return found


def _blocked(world: World) -> dict[str, object]:
    """Who left carts soon after orders with a recovery coupon, and until when they get none."""
    carts = {cart.episode_id for cart in world.carts}
    used: dict[str, list[Order]] = defaultdict(list)
    for message in world.messages:
        if message.occurrence in carts and message.handed.claim["coupon_code"] is not None:
            for order in world.orders:
                if order.is_sale and order.person == message.person and has_coupon(message, order):
                    used[str(message.person)].append(order)
    found: dict[str, object] = {}
    for person, orders in used.items():
        left = [
            cart.abandoned_at
            for cart in world.carts
            if cart.person == person
            and cart.abandoned_at is not None
            and any(
                order.ordered_by_at <= cart.abandoned_at < order.ordered_by_at + COUPON_TIME
                for order in orders
            )
        ]
        if len(left) >= LEAST_LEFT:
            gap = timedelta(days=world.shop.settings["coupon_gap_days"])
            found[person] = max(left) + gap
    return found
