"""What the mails added: arms against the holdout and against each other (definitions, section 6)."""

import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from tests.oracle.arms import Assignment, arms_of
from tests.oracle.campaigns import Version, version_of
from tests.oracle.facts import Fact
from tests.oracle.reports import rate, total
from tests.oracle.sales import Order, sales_of_persons
from tests.oracle.steps import outlier_limit
from tests.oracle.world import World

DEVIATIONS = 1.959963984540054
DEVIATIONS_80 = 1.2815515655446004


@dataclass
class Person:
    """A recorded person with the first eligible episode in the version."""

    given: Assignment
    later: int
    is_mature: bool
    orders: list[Order]


def wilson(successes: int, trials: int, *, z: float = DEVIATIONS) -> tuple[float, float]:
    """Interval of a rate, of 95 % unless told (Wilson 1927)."""
    share = successes / trials
    middle = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    reach = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    reach /= 1 + z * z / trials
    return max(middle - reach, 0.0), min(middle + reach, 1.0)


def newcombe(
    first: tuple[int, int], second: tuple[int, int], *, z: float = DEVIATIONS
) -> tuple[float, float]:
    """Interval of a difference of rates, of 95 % unless told (Newcombe 1998, method 10)."""
    (low, high), (other_low, other_high) = wilson(*first, z=z), wilson(*second, z=z)
    share, other = first[0] / first[1], second[0] / second[1]
    return (
        share - other - math.hypot(share - low, other_high - other),
        share - other + math.hypot(high - share, other - other_low),
    )


def rpt_incrementality(world: World) -> list[Fact]:
    """Orders of every arm beside its baseline; everybody recorded, from eligibility."""
    arms, rows = arms_of(world.shop), []
    limit = outlier_limit(world)
    cap = None if limit is None else Decimal(str(limit)).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    for version, persons in _persons(world).items():
        order = {str(row["arm_key"]): number for number, row in enumerate(arms[version])}
        held_out = {str(row["arm_key"]) for row in arms[version] if row["is_holdout"]}
        groups: dict[str, list[Person]] = defaultdict(list)
        for person in persons:
            groups[person.given.arm].append(person)
            if person.given.arm not in held_out:
                groups["all"].append(person)
        baseline = [person for person in persons if person.given.arm in held_out]
        # A holdout counts from the day the shop file gives it a share.
        named = {
            str(row["arm_key"]) for row in arms[version] if row["is_holdout"] and row["share_bp"]
        }
        named |= {person.given.arm for person in baseline}
        for arm, held in groups.items():
            is_holdout = arm in held_out
            against = None if is_holdout or not named else baseline
            name = ("all" if len(named) > 1 else min(named)) if against is not None else None
            rows.append(
                _row(version, "holdout", arm, name, held, against, is_holdout=is_holdout, cap=cap)
            )
        written = sorted(
            (arm for arm in groups if arm not in held_out and arm != "all"),
            key=lambda arm: (order.get(arm, len(order)), arm),
        )
        rows += [
            _row(
                version,
                "arm",
                arm,
                written[0],
                groups[arm],
                groups[written[0]],
                is_holdout=False,
                cap=cap,
            )
            for arm in written[1:]
        ]
    return rows


def _persons(world: World) -> dict[Version, list[Person]]:
    sales = sales_of_persons(world.orders)
    campaigns = {version_of(row): row for row in world.shop["campaigns"]}
    later: dict[tuple[Version, str], int] = defaultdict(int)
    recorded = [given for given in world.assignments if given.basis == "recorded"]
    for given in recorded:
        later[given.version, given.person] += given.eligible_no > 1
    found: dict[Version, list[Person]] = defaultdict(list)
    for given in recorded:
        if given.eligible_no != 1:
            continue
        campaign = campaigns.get(given.version)
        days = campaign["recovery_window_days"] if campaign else None
        days = days or world.shop.settings["recovery_window_days"]
        ends_at = given.eligible_at + timedelta(days=int(str(days)))
        orders = [
            order
            for order in sales.get(given.person, ())
            if given.eligible_at <= order.ordered_by_at < ends_at
        ]
        is_mature = ends_at <= world.shop.as_of
        count = later[given.version, given.person]
        found[given.version].append(Person(given, count, is_mature, orders))
    return found


def _row(
    version: Version, comparison: str, arm: str, baseline_arm: str | None, held: list[Person],
    against: list[Person] | None, *, is_holdout: bool, cap: Decimal | None,
) -> Fact:  # fmt: skip
    count, outcome = _counts(held)
    base, base_outcome = _counts(against) if against is not None else (None, None)
    orders = [order for person in held if person.is_mature for order in person.orders]
    share = rate(outcome, count)
    base_share = rate(base_outcome, base) if base is not None and base_outcome is not None else None
    difference = None if share is None or base_share is None else share - base_share
    bounds: tuple[float | None, float | None] = (None, None)
    narrow = bounds
    if base and count and base_outcome is not None:
        bounds = newcombe((outcome, count), (base_outcome, base))
        narrow = newcombe((outcome, count), (base_outcome, base), z=DEVIATIONS_80)
    interval = wilson(outcome, count) if count else (None, None)
    return {
        "campaign_key": version[0],
        "campaign_version": version[1],
        "comparison_key": comparison,
        "arm_key": arm,
        "baseline_arm_key": baseline_arm,
        "is_holdout": is_holdout,
        "recorded_person_count": len(held),
        "person_count": count,
        "outcome_person_count": outcome,
        "baseline_person_count": base,
        "baseline_outcome_person_count": base_outcome,
        "contaminated_person_count": sum(person.given.is_contaminated for person in held),
        "later_episode_count": sum(person.later for person in held),
        "order_count": len(orders),
        "unpriced_order_count": sum(order.revenue is None for order in orders),
        "revenue_amount": _revenue(orders, None),
        "capped_revenue_amount": _revenue(orders, cap),
        "revenue_cap_amount": cap,
        "outcome_rate": share,
        "outcome_rate_low": interval[0],
        "outcome_rate_high": interval[1],
        "baseline_outcome_rate": base_share,
        "outcome_rate_difference": difference,
        "difference_low": bounds[0],
        "difference_high": bounds[1],
        "difference_80_low": narrow[0],
        "difference_80_high": narrow[1],
        "relative_lift": difference / base_share if difference is not None and base_share else None,
        "extra_person_count": difference * count if difference is not None else None,
        "first_eligible_at": min(person.given.eligible_at for person in held),
    }


def _revenue(orders: list[Order], cap: Decimal | None) -> Decimal | None:
    """What orders brought, none above the cap; unknown where none has a known amount."""
    amounts = [
        order.revenue if order.revenue is None or cap is None else min(order.revenue, cap)
        for order in orders
    ]
    return total(amounts) if orders else Decimal(0)


def _counts(held: list[Person]) -> tuple[int, int]:
    mature = [person for person in held if person.is_mature]
    return len(mature), sum(bool(person.orders) for person in mature)
