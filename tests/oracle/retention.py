"""Cohorts: who came back of those counted from a first order, visit or registration.

Definitions, section 7, one person at a time: nothing is added up that could be looked at again.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from tests.oracle.behaviour_persons import registered_at, sights
from tests.oracle.cohorts import months_between, months_later
from tests.oracle.facts import Fact, Mart
from tests.oracle.reports import rate
from tests.oracle.sales import Order
from tests.oracle.world import World

DAY = timedelta(days=1)
BRACKETS = (0, 1, 30, 60, 90, 180, 365)
WEEK_COHORTS, WEEK_PERIODS = 52, 26
VARIANTS = {
    "calendar_month": ("classic", "cumulative", "on_or_after"),
    "calendar_week": ("classic", "cumulative", "on_or_after"),
    "days_30": ("classic", "cumulative", "on_or_after"),
    "day_bracket": ("bracket",),
}
UNITS = {
    "month": ("calendar_month", "days_30", "day_bracket"),
    "week": ("calendar_week", "day_bracket"),
}


@dataclass(frozen=True)
class Member:
    """One person of a cohort: when it began for them, and their orders since that day."""

    began_at: datetime
    began_on: date
    orders: list[Order]
    first_event: Order | None


def new_sales(world: World) -> dict[str, list[Order]]:
    """Sales of everybody who was not known before the shop's history."""
    old = known_before(world)
    return {person: sales for person, sales in world.sales.items() if person not in old}


def known_before(world: World) -> set[str]:
    """Who was seen before the shop's history begins."""
    begins = world.shop.history_from_on
    if begins is None:
        return set()
    return {
        person
        for person, seen in sights(world).items()
        if seen.first_at is not None and world.shop.on(seen.first_at) < begins
    }


def members(world: World) -> dict[str, list[Member]]:
    """Everybody new, by what they are counted from."""
    shop, old = world.shop, known_before(world)
    visits: dict[str, list[datetime]] = defaultdict(list)
    for session in world.sessions:
        visits[session.person].append(session.started_at)
    first = {
        "first_order": {person: sales[0].ordered_at for person, sales in world.sales.items()},
        # Who had ordered on an earlier day had been there, whatever the log says.
        "first_visit": {
            person: min(instants)
            for person, instants in visits.items()
            if not any(o.ordered_on < shop.on(min(instants)) for o in world.sales.get(person, []))
        },
        "registration": {p: at for p, at in registered_at(world).items() if at < shop.as_of},
    }
    found: dict[str, list[Member]] = {basis: [] for basis in first}
    for basis, began in first.items():
        for person, at in began.items():
            if person in old:
                continue
            sales = world.sales.get(person, [])
            since = [order for order in sales if order.ordered_on >= shop.on(at)]
            origin = sales[0] if basis == "first_order" else None
            found[basis].append(Member(at, shop.on(at), since, origin))
    return found


def week_of(world: World, day: date) -> date:
    """First day of the shop's week."""
    return day - timedelta(days=(day.isoweekday() - world.shop.week_start) % 7)


def number_of(world: World, unit: str, member: Member, at: datetime) -> int:
    """Which period of the member an instant lies in; said of now, how many are over."""
    on = world.shop.on(at)
    if unit == "calendar_month":
        return months_between(member.began_on, on)
    if unit == "calendar_week":
        return (week_of(world, on) - week_of(world, member.began_on)).days // 7
    days = max((at - member.began_at) // DAY, 0)
    return days // 30 if unit == "days_30" else sum(days >= end for end in BRACKETS[1:])


def cohorts(world: World, basis: str) -> Iterator[tuple[str, date, list[Member]]]:
    """Grain, first day and members of every cohort and pool."""
    held: dict[tuple[str, date], list[Member]] = defaultdict(list)
    this_month = world.shop.as_of_on.replace(day=1)
    everybody = members(world)[basis]
    first = min((member.began_on.replace(day=1) for member in everybody), default=None)
    for member in everybody:
        month = member.began_on.replace(day=1)
        held["month", month].append(member)
        held["quarter", month.replace(month=(month.month - 1) // 3 * 3 + 1)].append(member)
        if months_between(month, this_month) < 12:
            held["pooled_12", months_later(this_month, -11)].append(member)
        if first is not None:
            held["pooled_all", first].append(member)
        if number_of(world, "calendar_week", member, world.shop.as_of) < WEEK_COHORTS:
            held["week", week_of(world, member.began_on)].append(member)
    for (grain, begins), given in held.items():
        yield grain, begins, given


@dataclass(frozen=True)
class Counted:
    """One member in one unit: periods that are over, and those of the orders."""

    complete: int
    numbers: set[int]
    further: set[int]

    def is_kept(self, variant: str, period: int) -> bool:
        """Whether somebody watched to the end of a period is retained in it."""
        if variant in {"classic", "bracket"}:
            return period in self.numbers
        if variant == "on_or_after":
            return any(number >= period for number in self.numbers)
        return any(number <= period for number in self.further)


def counted(world: World, unit: str, given: list[Member]) -> list[Counted]:
    """All members of a cohort in one unit."""
    found = []
    for member in given:
        numbered = [(number_of(world, unit, member, o.ordered_at), o) for o in member.orders]
        found.append(
            Counted(
                number_of(world, unit, member, world.shop.as_of),
                {number for number, _ in numbered},
                {number for number, order in numbered if order is not member.first_event},
            )
        )
    return found


def last_period(unit: str, longest: int) -> int:
    """The last period somebody of a cohort has reached, as far as it is reported."""
    farthest = {"calendar_week": WEEK_PERIODS, "day_bracket": len(BRACKETS) - 2}
    return min(longest, farthest.get(unit, longest))


def days_of(unit: str, period: int) -> tuple[int | None, int | None]:
    """First day of a period of elapsed days and the day it ends before."""
    if unit == "days_30":
        return 30 * period, 30 * period + 30
    if unit == "day_bracket":
        return BRACKETS[period], BRACKETS[period + 1]
    return None, None


def rpt_cohort_retention(world: World) -> list[Fact]:
    """Every cohort, unit, variant and period."""
    rows = []
    for basis in ("first_order", "first_visit", "registration"):
        for grain, begins, given in cohorts(world, basis):
            for unit in UNITS["week" if grain == "week" else "month"]:
                held = counted(world, unit, given)
                last = last_period(unit, max(one.complete for one in held))
                rows += [
                    _cell((basis, grain, begins, unit, variant, period), held)
                    for variant in VARIANTS[unit]
                    for period in range(last + 1)
                ]
    return rows


def _cell(key: tuple[str, str, date, str, str, int], given: list[Counted]) -> Fact:
    basis, grain, begins, unit, variant, period = key
    # Of a first order, period 0 holds everybody from the first day.
    holds_all = basis == "first_order" and period == 0 and variant != "cumulative"
    watched = sum(holds_all or one.complete > period for one in given)
    kept = sum(
        holds_all or (one.complete > period and one.is_kept(variant, period)) for one in given
    )
    from_days, until_days = days_of(unit, period)
    return {
        "cohort_basis": basis,
        "cohort_grain": grain,
        "cohort_from_on": begins,
        "cohort_month": begins.replace(day=1),
        "period_unit": unit,
        "variant": variant,
        "period_number": period,
        "from_days": from_days,
        "until_days": until_days,
        "is_mature": watched == len(given),
        "is_partial": 0 < watched < len(given),
        "is_growing": variant == "on_or_after",
        "cohort_person_count": len(given),
        "exposed_person_count": watched,
        "retained_person_count": kept,
        "retention_rate": rate(kept, watched),
    }


def rpt_cohort_means(world: World) -> list[Fact]:
    """Both means over the cohorts of one grain."""
    groups: dict[tuple[object, ...], list[Fact]] = defaultdict(list)
    key = ("cohort_basis", "cohort_grain", "period_unit", "variant", "period_number")
    for row in rpt_cohort_retention(world):
        is_counted = row["exposed_person_count"] and row["variant"] != "on_or_after"
        if is_counted and not str(row["cohort_grain"]).startswith("pooled"):
            groups[tuple(row[name] for name in key)].append(row)
    rows = []
    for place, found in groups.items():
        mature = [float(str(row["retention_rate"])) for row in found if row["is_mature"]]
        watched = sum(int(str(row["exposed_person_count"])) for row in found)
        kept = sum(int(str(row["retained_person_count"])) for row in found)
        rows.append(
            {
                **dict(zip(key, place, strict=True)),
                "cohort_count": len(found),
                "mature_cohort_count": len(mature),
                "exposed_person_count": watched,
                "retained_person_count": kept,
                "retention_rate": rate(kept, watched),
                # Said to twelve digits, whatever the order of the cohorts.
                "simple_retention_rate": round(sum(mature) / len(mature), 12) if mature else None,
            }
        )
    return rows


def rpt_value_by_age(world: World) -> list[Fact]:
    """What people spent in a period and up to its end, of those watched so long."""
    return [
        _value(world, (basis, grain, begins, unit, period), given)
        for basis in ("first_order", "first_visit", "registration")
        for grain, begins, given in cohorts(world, basis)
        if grain != "week"
        for unit in ("calendar_month", "days_30")
        for period in range(max(one.complete for one in counted(world, unit, given)) + 1)
    ]


def _value(world: World, key: tuple[str, str, date, str, int], given: list[Member]) -> Fact:
    basis, grain, begins, unit, period = key
    watched = [m for m in given if number_of(world, unit, m, world.shop.as_of) > period]
    spent = {True: Decimal(0), False: Decimal(0)}
    for member in watched:
        for order in member.orders:
            number = number_of(world, unit, member, order.ordered_at)
            if number <= period and order.revenue is not None:
                spent[number == period] += order.revenue
    here, so_far = spent[True], spent[True] + spent[False]
    return {
        "cohort_basis": basis,
        "cohort_grain": grain,
        "cohort_month": begins,
        "period_unit": unit,
        "period_number": period,
        "currency": world.shop.currency,
        "is_mature": len(watched) == len(given),
        "is_partial": 0 < len(watched) < len(given),
        "cohort_person_count": len(given),
        "exposed_person_count": len(watched),
        "revenue_amount": here,
        "cumulative_revenue_amount": so_far,
        "revenue_per_person_amount": float(here) / len(watched) if watched else None,
        "cumulative_revenue_per_person_amount": float(so_far) / len(watched) if watched else None,
    }


MARTS: Mapping[str, Mart] = {
    "rpt_cohort_retention": (
        ("cohort_basis", "cohort_grain", "cohort_from_on", "period_unit", "variant",
         "period_number"),
        rpt_cohort_retention,
    ),
    "rpt_cohort_means": (
        ("cohort_basis", "cohort_grain", "period_unit", "variant", "period_number"),
        rpt_cohort_means,
    ),
    "rpt_value_by_age": (
        ("cohort_basis", "cohort_grain", "cohort_month", "period_unit", "period_number"),
        rpt_value_by_age,
    ),
}  # fmt: skip
