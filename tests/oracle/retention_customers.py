"""Customers of a month: who is new, who came back, how recently, how often and for how much."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from tests.oracle.cohorts import months_between
from tests.oracle.facts import Fact, Mart
from tests.oracle.periods import periods
from tests.oracle.reports import rate, total
from tests.oracle.retention import DAY, known_before, new_sales
from tests.oracle.retention_waits import order_days
from tests.oracle.sales import Order
from tests.oracle.world import World


def rpt_repeat_rate(world: World) -> list[Fact]:
    """Who ordered the next time within so many days of the n-th order, by that order's month."""
    groups: dict[tuple[str, int, int], list[tuple[bool, bool]]] = defaultdict(list)
    spans = periods(world.shop)
    for sales in new_sales(world).values():
        for number, order in enumerate(sales[:4], start=1):
            following = sales[number] if len(sales) > number else None
            for days in (30, 60, 90, 180, 365):
                if order.ordered_at + days * DAY > world.shop.as_of:
                    continue
                came = (
                    following is not None and following.ordered_at < order.ordered_at + days * DAY
                )
                is_same_day = following is not None and following.ordered_on == order.ordered_on
                for period in spans:
                    if period.holds(order.ordered_on.replace(day=1)):
                        groups[period.key, number, days].append((came, is_same_day))
    rows = []
    for (period_key, number, days), found in groups.items():
        came = sum(has_come for has_come, _ in found)
        same_day = sum(is_same for _, is_same in found)
        rows.append(
            {
                "period_key": period_key,
                "from_order_no": number,
                "within_days": days,
                "eligible_person_count": len(found),
                "repeated_person_count": came,
                "same_day_person_count": same_day,
                "repeat_rate": rate(came, len(found)),
                "same_day_share": rate(same_day, came),
            }
        )
    return rows


def rpt_returning_customers(world: World) -> list[Fact]:
    """Customers who had ordered before a period, orders that are no first ones."""
    old = known_before(world)
    rows = []
    for period in periods(world.shop):
        held = {
            person: [o for o in sales if period.holds(o.ordered_on.replace(day=1))]
            for person, sales in world.sales.items()
        }
        here = {person: orders for person, orders in held.items() if orders}
        if not here:
            continue
        returning = sum(p in old or world.sales[p][0] not in orders for p, orders in here.items())
        orders = [(person, order) for person, given in here.items() for order in given]
        repeats = sum(p in old or order is not world.sales[p][0] for p, order in orders)
        rows.append(
            {
                "period_key": period.key,
                "customer_count": len(here),
                "returning_customer_count": returning,
                "order_count": len(orders),
                "repeat_order_count": repeats,
                "returning_customer_share": rate(returning, len(here)),
                "repeat_order_share": rate(repeats, len(orders)),
            }
        )
    return rows


def fct_person_months(world: World) -> list[Fact]:
    """Everybody's months with a sale."""
    old, this_month = known_before(world), world.shop.as_of_on.replace(day=1)
    rows = []
    for person, sales in world.sales.items():
        months: dict[date, list[Order]] = defaultdict(list)
        for order in sales:
            months[order.ordered_on.replace(day=1)].append(order)
        for month, given in months.items():
            rows.append(
                {
                    "person_id": person,
                    "ordered_month": month,
                    "cohort_month": sales[0].ordered_on.replace(day=1),
                    "month_number": months_between(sales[0].ordered_on, month),
                    "currency": world.shop.currency,
                    "is_before_history": person in old,
                    "is_complete": month < this_month,
                    "order_count": len(given),
                    "revenue_amount": total([order.revenue for order in given]),
                    "first_purchase_no": min(order.purchase_no or 0 for order in given),
                }
            )
    return rows


def fifths(values: list[Decimal]) -> list[Decimal]:
    """Smallest values that one to four fifths of all do not exceed."""
    ordered = sorted(values)
    return [
        next(v for v in ordered if 5 * sum(w <= v for w in ordered) >= part * len(ordered))
        for part in range(1, 5)
    ]


# Recency score → names by frequency score 1 to 5.
GROUPS = {
    5: ("new", "potential_loyal", "potential_loyal", "champion", "champion"),
    4: ("promising", "potential_loyal", "potential_loyal", "loyal", "loyal"),
    3: ("about_to_sleep", "about_to_sleep", "needs_attention", "loyal", "loyal"),
    2: ("hibernating", "hibernating", "at_risk", "at_risk", "not_to_lose"),
    1: ("hibernating", "hibernating", "at_risk", "at_risk", "not_to_lose"),
}


def rpt_rfm(world: World) -> list[Fact]:
    """How many customers stand in each cell, by the limits of the month's first day."""
    month, today = world.shop.as_of_on.replace(day=1), world.shop.as_of_on
    held = order_days(world)
    before = [{day: spent for day, spent in days.items() if day < month} for days in held.values()]
    before = [days for days in before if days]
    if not before:
        return []
    recent = fifths([Decimal((month - max(days)).days) for days in before])
    often = fifths([Decimal(len(days)) for days in before])
    cells: dict[tuple[int, int], list[Decimal]] = defaultdict(list)
    for days in held.values():
        recency = 5 - sum((today - max(days)).days > limit for limit in recent)
        frequency = 1 + sum(len(days) > limit for limit in often)
        cells[recency, frequency].append(sum(days.values(), Decimal(0)))
    return [
        {
            "version_month": month,
            "recency_score": recency,
            "frequency_score": frequency,
            "rfm_group": GROUPS[recency][frequency - 1],
            "currency": world.shop.currency,
            "person_count": len(spent),
            "customer_count": len(held),
            "revenue_amount": sum(spent, Decimal(0)),
            "person_share": rate(len(spent), len(held)),
            "revenue_per_person_amount": float(sum(spent, Decimal(0))) / len(spent),
        }
        for (recency, frequency), spent in cells.items()
    ]


MARTS: Mapping[str, Mart] = {
    "fct_person_months": (("person_id", "ordered_month"), fct_person_months),
    "rpt_repeat_rate": (("period_key", "from_order_no", "within_days"), rpt_repeat_rate),
    "rpt_returning_customers": (("period_key",), rpt_returning_customers),
    "rpt_rfm": (("recency_score", "frequency_score"), rpt_rfm),
}
