"""Days: carts left on each, and who could be written to at its end (definitions, 4 and 9)."""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta

from tests.oracle.contact import REACHABLE, contacts
from tests.oracle.episodes import Episode
from tests.oracle.facts import Fact, Mart
from tests.oracle.reports import total
from tests.oracle.world import World

# Thirteen months, so that a day can stand beside the same one a year before.
SHOWN = timedelta(days=400)
WEEKS = (1, 2, 3, 4)
DAY = timedelta(days=1)
# Between two instants nothing happens.
NEXT = timedelta(microseconds=1)
LONG_AGO = datetime(1995, 1, 1)


def rpt_cart_days(world: World) -> list[Fact]:
    """Carts left on each day beside the mean of the same weekday in the four weeks before."""
    shop = world.shop
    if not world.carts:
        return []
    first = min(shop.on(cart.opened_at) for cart in world.carts)
    left: dict[date, list[Episode]] = defaultdict(list)
    for cart in world.carts:
        if cart.abandoned_at is not None:
            left[shop.on(cart.abandoned_at)].append(cart)
    rows = []
    day = max(first, shop.as_of_on - SHOWN + DAY)
    while day <= shop.as_of_on:
        before = [day - timedelta(weeks=weeks) for weeks in WEEKS]
        known = [one for one in before if one >= first]
        values = [value for one in known if (value := _value(left[one])) is not None]
        rows.append(
            {
                "day_on": day,
                "currency": shop.currency,
                "is_running": day == shop.as_of_on,
                "abandoned_count": len(left[day]),
                "abandoned_person_count": len({cart.person for cart in left[day]} - {None}),
                "abandoned_value_amount": _value(left[day]),
                "usual_day_count": len(known),
                "usual_abandoned_count": sum(len(left[one]) for one in known) / len(known)
                if known
                else None,
                "usual_value_amount": float(sum(values)) / len(values) if values else None,
            }
        )
        day += DAY
    return rows


def _value(left: list[Episode]) -> object:
    """What was left on a day: nothing is 0, carts without a price are unknown."""
    return total([cart.value_amount() for cart in left]) if left else 0


def rpt_mailable_days(world: World) -> list[Fact]:
    """Persons e-mail advertising could go to at the end of each day, or now."""
    shop = world.shop
    gained: Counter[date] = Counter()
    lost: Counter[date] = Counter()
    for at, is_mailable in mailable_changes(world):
        (gained if is_mailable else lost)[shop.on(at)] += 1
    first = shop.as_of_on - SHOWN + DAY
    held = sum(gained[day] - lost[day] for day in {*gained, *lost} if day < first)
    rows = []
    for day in (first + timedelta(days=number) for number in range(SHOWN.days)):
        held += gained[day] - lost[day]
        rows.append(
            {
                "day_on": day,
                "is_running": day == shop.as_of_on,
                "mailable_count": held,
                "gained_count": gained[day],
                "lost_count": lost[day],
            }
        )
    return rows


def mailable_changes(world: World) -> list[tuple[datetime, bool]]:
    """When somebody came to be mailable or ceased to be."""
    told = contacts(world.shop, world.people)
    found = []
    for person, places in told.places.items():
        moments: set[datetime | None] = set()
        for statement in told.statements.get(person, ()):
            moments |= {statement.at, statement.ended_at}
        moments |= {account.erased_at for given in places.values() for account in given}
        was = False
        for at in sorted(at for at in moments if at is not None and at <= world.shop.as_of):
            gate, _ = told.gate(person, "email", "marketing", identified_at=LONG_AGO, at=at + NEXT)
            if (gate == REACHABLE) != was:
                was = not was
                found.append((at, was))
    return found


MARTS: dict[str, Mart] = {
    "rpt_cart_days": (("day_on",), rpt_cart_days),
    "rpt_mailable_days": (("day_on",), rpt_mailable_days),
}
