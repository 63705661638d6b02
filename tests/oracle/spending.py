"""What the persons of a trial spent in its window."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from tests.oracle.intervals import Ends, bootstrap
from tests.oracle.reports import total
from tests.oracle.sales import Order
from tests.oracle.steps import outlier_limit
from tests.oracle.trial import Person
from tests.oracle.world import World

RESAMPLES = 1000
NEAREST, FARTHEST = 0.003, 0.07


def revenue_cap(world: World) -> Decimal | None:
    """As how much an order counts at most."""
    limit = outlier_limit(world)
    return None if limit is None else Decimal(str(limit)).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def spent(person: Person, cap: Decimal | None) -> Decimal | None:
    """What somebody brought in the window, each order up to the cap; unknown if no amount is."""
    amounts = [
        order.revenue if order.revenue is None or cap is None else min(order.revenue, cap)
        for order in person.orders
    ]
    return total(amounts) if amounts else Decimal(0)


def mean(amount: Decimal | None, count: int) -> float | None:
    """Per person, empty without anybody."""
    return None if amount is None or not count else float(amount) / count


def brought(held: list[Person], cap: Decimal | None) -> Decimal | None:
    """What the mature persons brought; unknown where of all their orders no amount is."""
    mature = [person for person in held if person.is_mature]
    orders: list[Order] = [order for person in mature for order in person.orders]
    if orders and all(order.revenue is None for order in orders):
        return None
    return total([spent(person, cap) for person in mature]) or Decimal(0)


def revenue_brackets(
    held: Iterable[Person], against: Iterable[Person], cap: Decimal | None
) -> tuple[Ends, Ends] | None:
    """Between what the 95 % ends of the difference per person lie; None where one side is empty.

    Another bootstrap has other dice: of 1,000 resamples the ends of 2,000 lie between 0.3 % and 7 %
    from either end but once in a million times.
    """
    sides = [
        [float(spent(person, cap) or 0) for person in side if person.is_mature]
        for side in (held, against)
    ]
    if not all(sides):
        return None
    found = bootstrap(*sides, resamples=RESAMPLES)
    near, far = round(RESAMPLES * NEAREST), round(RESAMPLES * FARTHEST)
    return (found[near], found[far]), (found[-far - 1], found[-near - 1])
