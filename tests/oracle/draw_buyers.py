"""Generated shops of people who come back: limits of periods hit exactly, and a few large ones.

The other generated shops hold a handful of people over half a year. Here are years, hundreds of
customers (below a hundred gaps no shop has quantiles of its own), weeks of every kind, and persons
known before the shop's history.
"""

import random
from datetime import date, datetime, timedelta

from tests.oracle.shops import AS_OF, ZONES, Shop

# Number of a large shop → its people; of the first more than a hundred come back.
LARGE = {0: 420, 1: 260}
DAY = timedelta(days=1)
# Lengths of a wait in days at which something begins or ends.
EDGES = (0, 1, 29, 30, 31, 59, 60, 89, 90, 179, 180, 364, 365, 366)


def buyers(number: int) -> Shop:
    """The shop of that number: always the same one."""
    draw = random.Random(f"buyers {number}")
    made = Shop(
        f"b{number:04d}",
        draw.choice(ZONES),
        week_start=draw.choice((1, 1, 7, 3)),
        history_from_on=date(2025, 2, 1) if number % 3 == 2 else None,
    )
    made.add("shops", **made.settings)
    made.add("runs", run_id="run", as_of_at=AS_OF, as_of_on=made.on(AS_OF), known_at=AS_OF)
    if number == 1:
        made.add("shop_thresholds", threshold_key="interval_horizon_days", threshold_value=120)
    for place in range(LARGE.get(number) or draw.randint(1, 14)):
        _buyer(made, draw, f"shop:{place:03d}")
    return made


def _buyer(made: Shop, draw: random.Random, customer_id: str) -> None:
    first = _instant(draw)
    if draw.random() < 0.7:
        # At the checkout, in the days before, or long after: an order may be older than its account.
        apart = draw.choice((timedelta(minutes=30), -DAY, -40 * DAY, 20 * DAY, -timedelta(hours=7)))
        registered_at = first + apart if draw.random() < 0.9 else None
        made.add(
            "customers", customer_id=customer_id, is_member=True, is_derived=False,
            member_state="active", registered_at=registered_at,
        )  # fmt: skip
    if draw.random() < 0.6:
        # Mostly before the first order, sometimes long after one no log saw.
        _visits(made, draw, customer_id, first - draw.choice((0, 0, 1, 9, 33, -5)) * DAY)
    if draw.random() < 0.15:
        return
    at = first
    for _ in range(draw.choice((1, 1, 1, 1, 2, 2, 3, 5))):
        if at < AS_OF:
            _order(made, draw, customer_id, at)
        wait = draw.choice(EDGES) if draw.random() < 0.4 else int(draw.expovariate(1 / 70))
        at += wait * DAY + draw.choice((0, 0, 1, -1)) * timedelta(minutes=1)


def _visits(made: Shop, draw: random.Random, customer_id: str, at: datetime) -> None:
    """A first visit, nameless until the log-in that ends it, and some later ones."""
    browser = f"br{customer_id}"
    for place in range(draw.randint(1, 3)):
        begins = at + place * draw.choice((1, 8, 31)) * DAY
        for minute, name in ((0, "Product Viewed"), (2, "Signed In")):
            occurred_at = begins + timedelta(minutes=minute)
            if occurred_at < AS_OF:
                made.add(
                    "events", event_id=f"e:{made.number('events'):05d}", event_name=name,
                    anonymous_id=browser, is_bot=False, occurred_at=occurred_at,
                    customer_id=customer_id if name == "Signed In" else None,
                )  # fmt: skip


def _order(made: Shop, draw: random.Random, customer_id: str, at: datetime) -> None:
    status = draw.choices(("paid", "cancelled", "draft"), (18, 1, 1))[0]
    amount = draw.choice((500, 1200, 1200, 3300, 9800))
    made.add(
        "orders", order_id=f"o:{made.number('orders'):05d}", customer_id=customer_id,
        is_guest=False, source_status=status, ordered_precision="instant", ordered_at=at,
        # An amount nobody can convert is unknown, and the order counts.
        currency="EUR" if draw.random() < 0.03 else "JPY",
        goods_amount=amount, total_amount=amount + 500, paid_amount=amount + 500,
    )  # fmt: skip


def _instant(draw: random.Random) -> datetime:
    """Some instant of the two years before the run, often a limit of a period before it."""
    if draw.random() < 0.3:
        return AS_OF - draw.choice(EDGES) * DAY - draw.choice((0, 1, -1)) * timedelta(minutes=1)
    return datetime(2024, 7, 1) + timedelta(minutes=draw.randint(0, 715 * 1440))
