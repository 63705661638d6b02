"""The monthly report: this month beside the last and the same one a year ago."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from tests.oracle.bridge import rpt_recovery_bridge
from tests.oracle.cohorts import months_later
from tests.oracle.days import mailable_changes
from tests.oracle.facts import Fact, month_of
from tests.oracle.periods import periods
from tests.oracle.reports import total
from tests.oracle.sales import Order
from tests.oracle.world import World

BY_SENDING = {"unsubscribes", "complaints"}

Measure = tuple[date, str, Decimal | None, Decimal | None]


def fct_shop_months(world: World) -> list[Fact]:
    """Every measure of every month."""
    return [
        {
            "shop_month": month,
            "measure_key": key,
            "is_mature": _is_mature(world, month, key),
            "measure_value": value,
            "base_value": base,
        }
        for month, key, value, base in _measures(world)
    ]


def rpt_shop_months(world: World) -> list[Fact]:
    """Every measure of every month with its neighbours."""
    shop = world.shop
    found: dict[tuple[date, str], tuple[Decimal | None, Decimal | None]] = {
        (month, key): (value, base) for month, key, value, base in _measures(world)
    }
    rows = []
    for (month, key), (value, base) in found.items():
        before, year = (months_later(month, -1), key), (months_later(month, -12), key)
        is_comparable = _is_comparable(world, month, key, found)
        rows.append(
            {
                "shop_month": month,
                "measure_key": key,
                "is_running": month == month_of(shop.as_of_on),
                "is_mature": _is_mature(world, month, key),
                "is_comparable": is_comparable,
                "measure_value": value,
                "base_value": base,
                "previous_value": found.get(before, (None, None))[0],
                "last_year_value": found.get(year, (None, None))[0],
                "measure_rate": float(value) / float(base) if value is not None and base else None,
            }
        )
    return rows


def _is_mature(world: World, month: date, key: str) -> bool:
    """What is counted by sending may still come in while the last windows run."""
    days = world.shop.settings["recovery_window_days"] if key in BY_SENDING else 0
    return months_later(month, 1) + timedelta(days=days) <= world.shop.as_of_on


def _is_comparable(
    world: World, month: date, key: str, found: dict[tuple[date, str], tuple[object, object]]
) -> bool:
    """Fewer orders move by chance: such months are not compared."""
    orders = found.get((month, "orders"), (0, None))[0]
    return _is_mature(world, month, key) and int(str(orders)) >= world.shop.settings["small_n"]


def _measures(world: World) -> Iterator[Measure]:
    yield from _of_orders(world)
    yield from _of_carts(world)
    yield from _of_messages(world)
    yield from _mailable(world)
    keys = {f"{p.first:%Y-%m}": p.first for p in periods(world.shop) if p.first == p.last}
    for row in rpt_recovery_bridge(world):
        is_ordered = row["line_key"] == "ordered" and row["campaign_key"] == "all"
        if is_ordered and row["period_key"] in keys:
            amount = Decimal(str(row["recovered_amount"]))
            yield keys[str(row["period_key"])], "recovered_amount", amount, None


def _of_orders(world: World) -> Iterator[Measure]:
    first: dict[str, date] = {}
    months: dict[date, list[Order]] = defaultdict(list)
    for order in world.orders:
        if order.is_sale:
            month = order.ordered_on.replace(day=1)
            months[month].append(order)
            if order.person is not None:
                first[order.person] = min(first.get(order.person, month), month)
    for month, held in months.items():
        named = [order for order in held if order.person is not None]
        new = [order for order in named if first[str(order.person)] == month]
        back = [order for order in named if first[str(order.person)] < month]
        yield month, "revenue", total([order.revenue for order in held]), None
        yield month, "orders", Decimal(len(held)), None
        for key, given in (("new", new), ("returning", back)):
            # No order at all is 0; orders without an amount are unknown.
            amount = total([order.revenue for order in given]) if given else Decimal(0)
            yield month, f"{key}_revenue", amount, None
            yield month, f"{key}_buyers", Decimal(len({o.person for o in given})), None


def _of_carts(world: World) -> Iterator[Measure]:
    left: dict[date, int] = defaultdict(int)
    opened: dict[date, list[bool]] = defaultdict(list)
    for cart in world.carts:
        if cart.abandoned_at is not None:
            left[world.shop.on(cart.abandoned_at).replace(day=1)] += 1
        if not cart.is_running:
            month = world.shop.on(cart.opened_at).replace(day=1)
            opened[month].append(bool(cart.abandonments))
    for month, count in left.items():
        yield month, "abandoned_carts", Decimal(count), None
    for month, given in opened.items():
        yield month, "abandoned_of_opened", Decimal(sum(given)), Decimal(len(given))


def _of_messages(world: World) -> Iterator[Measure]:
    months: dict[date, list[tuple[bool, bool]]] = defaultdict(list)
    for message in world.messages:
        if message.is_sent:
            month = world.shop.on(message.sent_at).replace(day=1)
            said = (message.happened("unsubscribe"), message.happened("complaint"))
            months[month].append(said)
    for month, given in months.items():
        sent = Decimal(len(given))
        yield month, "unsubscribes", Decimal(sum(stopped for stopped, _ in given)), sent
        yield month, "complaints", Decimal(sum(complained for _, complained in given)), sent


def _mailable(world: World) -> Iterator[Measure]:
    """Persons e-mail advertising could go to at the end of the month's last day, or now."""
    changes = mailable_changes(world)
    for period in periods(world.shop):
        if period.first == period.last and period.key != "all":
            end = world.shop.day_start(months_later(period.first, 1))
            steps = [1 if is_mailable else -1 for at, is_mailable in changes if at < end]
            yield period.first, "mailable_persons", Decimal(sum(steps)), None
