"""Segments by what people did or are: whom to write to and what to say (definitions, section 10)."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from tests.oracle.behaviour import once
from tests.oracle.behaviour_customers import dim_persons
from tests.oracle.behaviour_offers import fct_person_recommendations
from tests.oracle.behaviour_persons import registered_at
from tests.oracle.cohorts import month_day_later
from tests.oracle.facts import Fact
from tests.oracle.known import Row
from tests.oracle.retention import known_before
from tests.oracle.retention_waits import rpt_purchase_intervals
from tests.oracle.sales import Order
from tests.oracle.sequences import Occurrence, members, of_segment, row_of, sequences
from tests.oracle.world import World

YEAR = timedelta(days=365)
TERMS = ("ships_within_hours", "warranty_months", "shipping_fee_amount",
         "free_shipping_from_amount")  # fmt: skip


@once
def addressees(world: World) -> dict[str, Fact]:
    """Everybody who could have an address: a browser nobody has named is nobody to write to."""
    return {
        str(fact["person_id"]): fact
        for fact in dim_persons(world)
        if fact["person_kind"] != "browser"
    }


def terms(world: World, *names: str) -> Fact:
    """What the shop says of delivery and guarantees."""
    return {name: world.shop.facts[name] for name in names}


def seg_winback(world: World) -> list[Fact]:
    """Last seen so many calendar months ago; who was never seen is nobody to win back."""
    months = world.shop.settings["winback_months"]
    return members(
        world,
        "winback",
        [
            Occurrence(
                person,
                str(fact["last_seen_on"]),
                fact["last_seen_at"],
                world.shop.day_start(month_day_later(fact["last_seen_on"], months)),
                f"last_seen_by_{fact['last_seen_basis']}",
                {
                    "last_category_id": fact["top_category_id"],
                    "order_count": fact["order_count"],
                    "last_seen_on": fact["last_seen_on"],
                    "last_ordered_on": fact["last_ordered_on"],
                },
            )
            for person, fact in addressees(world).items()
            if fact["last_seen_on"] is not None
        ],
    )


def seg_birthday(world: World) -> list[Fact]:
    """The day less the days the mail leads, once a year."""
    return members(world, "birthday", _birthdays(world))


def _birthdays(world: World) -> Iterator[Occurrence]:
    today = world.shop.as_of_on
    since = month_day_later(today, -world.shop.settings["look_back_months"])
    for version, sequence in of_segment(world, "birthday").items():
        lead = timedelta(days=int(str(sequence.campaign["lead_days"])))
        for person, fact in addressees(world).items():
            if fact["birth_month"] is None:
                continue
            for year in range(today.year - 1, today.year + 3):
                day = _birthday(fact, year)
                starts_at = world.shop.day_start(day - lead)
                if starts_at > world.shop.as_of or day - lead <= since:
                    continue
                yield Occurrence(
                    person,
                    str(year),
                    starts_at,
                    starts_at,
                    "birthday" if fact["birth_day"] else "birth_month",
                    {"customer_rank": fact["customer_rank"], "birthday_on": day},
                    version=version,
                )


def looked_back_to(world: World) -> datetime:
    """What lies no later leads to no mail any more."""
    now = world.shop.as_of
    months = world.shop.settings["look_back_months"]
    return datetime.combine(month_day_later(now.date(), -months), now.time())


def _birthday(fact: Fact, year: int) -> date:
    """Of a month alone its first; of 29 February the 28th in a common year."""
    month, day = int(str(fact["birth_month"])), int(str(fact["birth_day"] or 1))
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, month, day - 1)


def seg_welcome(world: World) -> list[Fact]:
    """Members without an order whose registration is dated."""
    return members(
        world,
        "welcome",
        [
            Occurrence(
                person,
                str(world.shop.on(at)),
                at,
                at,
                "registered_without_order",
                {
                    "currency": world.shop.currency,
                    "registered_on": world.shop.on(at),
                    **terms(world, *TERMS),
                },
            )
            for person, at in registered_at(world).items()
            if not world.sales.get(person)
        ],
    )


def seg_second_purchase(world: World) -> list[Fact]:
    """One order and none since, as old as the shop's own median or the days it has fixed."""
    age = second_purchase_age(world)
    if age is None:
        return []
    old = known_before(world)
    products = {row["product_id"]: row for row in world.shop["products"]}
    nexts = {
        fact["person_id"]: products.get(fact["product_id"], Row())
        for fact in fct_person_recommendations(world)
        if fact["recommendation_rank"] == 1
    }
    given = []
    for person, sales in world.sales.items():
        if len(sales) == 1 and person not in old:
            offered = nexts.get(person, Row())
            given.append(_bought_once(world, person, sales[0], age, offered))
    return members(world, "second_purchase", given)


def _bought_once(world: World, person: str, order: Order, age: int, offered: Row) -> Occurrence:
    return Occurrence(
        person,
        order.order_id,
        order.ordered_at,
        world.shop.day_start(order.ordered_on + timedelta(days=age)),
        "no_second_order",
        {
            "currency": world.shop.currency,
            "first_category_id": addressees(world)[person]["top_category_id"],
            "next_product_id": offered["product_id"],
            "next_product_name": offered["product_name"],
            "next_product_url": offered["url"],
            "first_order_amount": order.revenue,
            "first_ordered_on": order.ordered_on,
            "days_since_first": age,
        },
    )


def second_purchase_age(world: World) -> int | None:
    """Days the shop has fixed, else this month's version of its median wait after the first order."""
    fixed = world.shop.settings["second_purchase_days"]
    if fixed:
        return fixed
    month = world.shop.as_of_on.replace(day=1)
    for row in rpt_purchase_intervals(world):
        if (row["version_month"], row["order_band"]) == (month, "1"):
            return None if row["q50_days"] is None else int(str(row["q50_days"]))
    return None


def seg_spend_tier(world: World) -> list[Fact]:
    """The order with which a member first came to the tier, by the campaign's way of adding up."""
    return members(world, "spend_tier", _crossings(world))


def _crossings(world: World) -> Iterator[Occurrence]:
    loyal = {person for person, fact in addressees(world).items() if fact["is_member"]}
    for version, sequence in of_segment(world, "spend_tier").items():
        least = Decimal(str(sequence.campaign["from_amount"]))
        basis = str(sequence.campaign["amount_basis"])
        for person in loyal & world.sales.keys():
            sales = [one for one in world.sales[person] if one.revenue is not None]
            reached = ((one, _spent(basis, sales[: n + 1])) for n, one in enumerate(sales))
            order, amount = next((one for one in reached if one[1] >= least), (None, None))
            if order is not None:
                yield Occurrence(
                    person,
                    f"{least:.4f}",
                    order.ordered_at,
                    order.ordered_at,
                    f"reached_by_{basis}",
                    {
                        "currency": world.shop.currency,
                        "from_amount": least,
                        "reached_amount": amount,
                        "reached_on": order.ordered_on,
                    },
                    version=version,
                )


def _spent(basis: str, sales: list[Order]) -> Decimal:
    """What counts towards a tier at the last of these orders."""
    last = sales[-1]
    counted = {
        "single_order": sales[-1:],
        "rolling_365d": [one for one in sales if one.ordered_on > last.ordered_on - YEAR],
        "lifetime": sales,
    }[basis]
    return sum((Decimal(str(one.revenue)) for one in counted), Decimal(0))


def seg_newsletter(world: World) -> list[Fact]:
    """Everybody an issue of today could go to, by the shop's campaign or the plain one."""
    issue = list(_issue(world, addressees(world).values()))
    if any(s.campaign["segment_key"] == "newsletter" for s in sequences(world).values()):
        return members(world, "newsletter", issue)
    days = timedelta(days=world.shop.settings["catch_up_days"])
    place = ("newsletter", 1, 1, "send", "email")
    return [
        row_of(one, place, one.qualified_at, one.qualified_at + days, is_held_out=False)
        for one in issue
    ]


def _issue(world: World, persons: Iterable[Fact]) -> Iterator[Occurrence]:
    today = world.shop.as_of_on
    starts_at: datetime = world.shop.day_start(today)
    for fact in persons:
        at = fact["registered_at"]
        yield Occurrence(
            str(fact["person_id"]),
            str(today),
            starts_at,
            starts_at,
            "asked_for",
            {
                "customer_rank": fact["customer_rank"],
                "registered_on": None if at is None else world.shop.on(at),
            },
        )
