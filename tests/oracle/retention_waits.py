"""The wait for the next order, and what it makes of a customer.

Shares are fractions until the last line, so that nothing depends on how a logarithm was rounded.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import exp, log, sqrt

from tests.oracle.cohorts import months_between
from tests.oracle.facts import Fact, Mart
from tests.oracle.periods import periods
from tests.oracle.reports import rate
from tests.oracle.retention import new_sales
from tests.oracle.world import World

# Two-sided 95 %.
DEVIATIONS = 1.959963984540054
LEAST_GAPS = 100
VERSIONS = 24
STATUSES = ("active", "slowing", "at_risk", "dormant")
BANDS = ("1", "2", "3+")
QUANTILES = {"q25_days": 25, "q50_days": 50, "q75_days": 75, "q90_days": 90}


@dataclass(frozen=True)
class Wait:
    """One order day of a person and the next one, if it came."""

    band: str
    ordered_on: date
    next_on: date | None

    def until(self, day: date) -> tuple[int, bool]:
        """Days waited as seen on a day, and whether the wait was over before it."""
        is_over = self.next_on is not None and self.next_on < day
        end = self.next_on if is_over and self.next_on is not None else day
        return (end - self.ordered_on).days, is_over


@dataclass(frozen=True)
class Step:
    """A length of wait with an end: who was at risk, who came back, and the share that has by then."""

    days: int
    at_risk: int
    returned: int
    censored: int
    share: Fraction
    variance: Fraction | None


def order_days(world: World) -> dict[str, dict[date, Decimal]]:
    """Each person's days with an order, in their order, and what they spent on them."""
    found: dict[str, dict[date, Decimal]] = {}
    for person, sales in new_sales(world).items():
        days: dict[date, Decimal] = {}
        for order in sales:
            days[order.ordered_on] = days.get(order.ordered_on, Decimal(0)) + (order.revenue or 0)
        found[person] = dict(sorted(days.items()))
    return found


def waits(world: World) -> dict[str, list[Wait]]:
    """Each person's waits."""
    found = {}
    for person, held in order_days(world).items():
        days = [*held, None]
        found[person] = [
            Wait(BANDS[min(number, 2)], day, days[number + 1])
            for number, day in enumerate(days[:-1])
            if day is not None
        ]
    return found


def curve(seen: list[tuple[int, bool]]) -> list[Step]:
    """Kaplan and Meier: who came back on a day did so before anybody was cut off on it."""
    waiting, variance = Fraction(1), Fraction(0)
    is_known = True
    steps = []
    for days in sorted({days for days, _ in seen}):
        at_risk = sum(length >= days for length, _ in seen)
        returned = sum(length == days and is_over for length, is_over in seen)
        censored = sum(length == days and not is_over for length, is_over in seen)
        waiting *= 1 - Fraction(returned, at_risk)
        is_known = is_known and returned < at_risk
        if is_known:
            variance += Fraction(returned, at_risk * (at_risk - returned))
        steps.append(
            Step(days, at_risk, returned, censored, 1 - waiting, variance if is_known else None)
        )
    return steps


def bounds(step: Step) -> tuple[float | None, float | None]:
    """Interval of the share that came back, on the scale of log(-log) of who waits."""
    if step.variance is None or not 0 < step.share < 1:
        return None, None
    waiting = float(1 - step.share)
    width = DEVIATIONS * sqrt(step.variance) / -log(waiting)
    return 1 - waiting ** exp(-width), 1 - waiting ** exp(width)


def by_band(world: World) -> dict[str, list[Wait]]:
    """All waits of a band, and of all bands together."""
    found: dict[str, list[Wait]] = defaultdict(list)
    for held in waits(world).values():
        for wait in held:
            found[wait.band].append(wait)
            found["all"].append(wait)
    return found


def rpt_next_order_survival(world: World) -> list[Fact]:
    """Every day on which a wait ended or was cut off."""
    shop, rows = world.shop, []
    for band, held in by_band(world).items():
        # What is dated today is known today: a wait that ended on this very day has ended.
        seen = [
            ((wait.next_on - wait.ordered_on).days, True)
            if wait.next_on is not None
            else ((shop.as_of_on - wait.ordered_on).days, False)
            for wait in held
        ]
        steps = curve(seen)
        median = next((step.days for step in steps if step.share >= Fraction(1, 2)), None)
        for step in steps:
            if step.days > shop.settings["interval_horizon_days"]:
                continue
            low, high = bounds(step)
            rows.append(
                {
                    "order_band": band,
                    "gap_days": step.days,
                    "at_risk_count": step.at_risk,
                    "returned_count": step.returned,
                    "censored_count": step.censored,
                    "order_day_count": len(seen),
                    "total_returned_count": sum(is_over for _, is_over in seen),
                    "median_days": median,
                    "returned_rate": float(step.share),
                    "returned_rate_low": low,
                    "returned_rate_high": high,
                }
            )
    return rows


def rpt_purchase_intervals(world: World) -> list[Fact]:
    """Every month's quantiles, from what was ordered before its first day."""
    this_month, horizon = world.shop.as_of_on, world.shop.settings["interval_horizon_days"]
    months = [p.first for p in periods(world.shop) if p.key == f"{p.first:%Y-%m}"]
    rows: list[Fact] = []
    for month in months:
        if months_between(month, this_month) >= VERSIONS:
            continue
        for band, held in by_band(world).items():
            seen = [wait.until(month) for wait in held if wait.ordered_on < month]
            if not seen:
                continue
            steps = [step for step in curve(seen) if step.days <= horizon]
            whole = max((step.share for step in steps), default=Fraction(0))
            rows.append(
                {
                    "version_month": month,
                    "order_band": band,
                    "horizon_days": horizon if whole else None,
                    "gap_count": len(seen),
                    "finished_gap_count": sum(is_over for _, is_over in seen),
                    **{name: _quantile(steps, whole, part) for name, part in QUANTILES.items()},
                    "returned_in_horizon_rate": float(whole) if whole else None,
                }
            )
    return rows


def _quantile(steps: list[Step], whole: Fraction, part: int) -> int | None:
    if not whole:
        return None
    return next(step.days for step in steps if step.share >= whole * part / 100)


def limits(world: World) -> dict[tuple[date, str], tuple[int, int, int]]:
    """Days after which a customer of a band is slowing, at risk and dormant, by month."""
    settings = world.shop.settings
    fixed = tuple(settings[f"status_{name}_days"] for name in STATUSES[1:])
    told = {(r["version_month"], r["order_band"]): r for r in rpt_purchase_intervals(world)}
    found = {}
    for month in {month for month, band in told if band == "all"}:
        for band in BANDS:
            own = [
                row
                for row in (told.get((month, band)), told[month, "all"])
                if row is not None
                and int(str(row["gap_count"])) >= LEAST_GAPS
                and row["q90_days"] is not None
            ]
            if own and not settings["status_is_fixed"]:
                chosen = tuple(int(str(own[0][name])) for name in list(QUANTILES)[1:])
            else:
                chosen = fixed
            found[month, band] = chosen
    return found


def statuses(world: World) -> list[tuple[date, bool, str]]:
    """Month, whether it is said of now, and status of every customer so far."""
    told, today = limits(world), world.shop.as_of_on
    found = []
    for held in waits(world).values():
        for month in {month for month, _ in told}:
            before = [wait for wait in held if wait.ordered_on < month]
            if before:
                days = (month - before[-1].ordered_on).days
                found.append((month, False, status_of(told[month, before[-1].band], days)))
        this_month = today.replace(day=1)
        if (this_month, held[-1].band) in told:
            days = (today - held[-1].ordered_on).days
            found.append((this_month, True, status_of(told[this_month, held[-1].band], days)))
    return found


def status_of(given: tuple[int, ...], days: int) -> str:
    """The status after so many days, by the limits of the month and number of orders."""
    return STATUSES[sum(days > limit for limit in given)]


def rpt_customer_statuses(world: World) -> list[Fact]:
    """How many of all customers are in which status."""
    counts = Counter(statuses(world))
    whole: Counter[tuple[date, bool]] = Counter()
    for (month, is_now, _), count in counts.items():
        whole[month, is_now] += count
    return [
        {
            "version_month": month,
            "is_now": is_now,
            "purchase_status": status,
            "status_order": STATUSES.index(status) + 1,
            "person_count": count,
            "customer_count": whole[month, is_now],
            "status_share": rate(count, whole[month, is_now]),
        }
        for (month, is_now, status), count in counts.items()
    ]


MARTS: Mapping[str, Mart] = {
    "rpt_next_order_survival": (("order_band", "gap_days"), rpt_next_order_survival),
    "rpt_purchase_intervals": (("version_month", "order_band"), rpt_purchase_intervals),
    "rpt_customer_statuses": (
        ("version_month", "is_now", "purchase_status"),
        rpt_customer_statuses,
    ),
}
