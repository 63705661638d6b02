"""What a trial found: arms against the holdout and against each other (definitions, section 6)."""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from tests.oracle.arms import OLDER
from tests.oracle.campaigns import Version, version_of
from tests.oracle.facts import Fact
from tests.oracle.intervals import (
    DEVIATIONS_80,
    Ends,
    lift,
    newcombe,
    persons_per_arm,
    wilson,
)
from tests.oracle.known import Known
from tests.oracle.reports import rate
from tests.oracle.spending import brought, mean, revenue_cap
from tests.oracle.trial import Person, Trial, trials
from tests.oracle.world import World

DAY = timedelta(days=1)
# A pace is that of four weeks at least, and a plan is full within a year.
LEAST_DAYS, MOST_DAYS = 28, 365
# A sum of fractions keeps so many digits, so that a rebuild gives the last one again.
DIGITS = 12
NONE = (None, None)


@dataclass
class Pair:
    """An arm and what it is held against: None where there is nothing, empty where nobody is."""

    trial: Trial
    metric: str
    comparison: str
    arm: str
    is_holdout: bool
    held: list[Person]
    baseline_arm: str | None
    baseline: list[Person] | None


def rpt_incrementality(world: World) -> list[Fact]:
    """Every arm beside its baseline: everybody on record, each from eligibility on."""
    cap = revenue_cap(world)
    return [_row(world, pair, cap) for pair in pairs(world)]


def pairs(world: World) -> Iterator[Pair]:
    """Every arm against the holdout, and the arms written to against the first of them."""
    named = _holdouts(world.shop)
    for trial in trials(world):
        names = named[trial.version] | {p.arm for p in trial.persons if p.is_holdout}
        yield from _pairs(trial, "order", trial.persons, names)
        if trial.kind == "site":
            # Whoever had an account cannot register any more.
            strangers = [person for person in trial.persons if not person.was_registered]
            yield from _pairs(trial, "registered", strangers, names)


def _holdouts(shop: Known) -> dict[Version, set[str]]:
    """A holdout counts from the day the shop file gives it a share."""
    found: dict[Version, set[str]] = defaultdict(set)
    for row in shop["campaign_arms"]:
        if row["is_holdout"] and row["share_bp"] and row["batch_id"] != OLDER:
            found[version_of(row)].add(str(row["arm_key"]))
    return found


def _pairs(trial: Trial, metric: str, persons: list[Person], names: set[str]) -> Iterator[Pair]:
    groups: dict[tuple[str, bool], list[Person]] = defaultdict(list)
    for person in persons:
        groups[person.arm, person.is_holdout].append(person)
        if not person.is_holdout:
            groups["all", False].append(person)
    baseline = [person for person in persons if person.is_holdout]
    name = ("all" if len(names) > 1 else min(names)) if names else None
    for (arm, is_holdout), held in groups.items():
        has_baseline = name is not None and not is_holdout
        yield Pair(
            trial, metric, "holdout", arm, is_holdout, held,
            name if has_baseline else None, baseline if has_baseline else None,
        )  # fmt: skip
    written = sorted(
        (arm for arm, is_holdout in groups if not is_holdout and arm != "all"),
        key=lambda arm: (trial.order.get(arm, math.inf), arm),
    )
    for arm in written[1:]:
        first = groups[written[0], False]
        yield Pair(trial, metric, "arm", arm, False, groups[arm, False], written[0], first)


def counts(held: list[Person], metric: str) -> tuple[int, int]:
    """Persons with the outcome, and all, of the mature ones."""
    mature = [person for person in held if person.is_mature]
    reached = [p.has_registered if metric == "registered" else bool(p.orders) for p in mature]
    return sum(reached), len(mature)


def _row(world: World, pair: Pair, cap: Decimal | None) -> Fact:
    held = pair.held
    arm = counts(held, pair.metric)
    base = None if pair.baseline is None else counts(pair.baseline, pair.metric)
    orders = [order for person in held if person.is_mature for order in person.orders]
    return {
        "campaign_key": pair.trial.version[0],
        "campaign_version": pair.trial.version[1],
        "metric_key": pair.metric,
        "comparison_key": pair.comparison,
        "arm_key": pair.arm,
        "baseline_arm_key": pair.baseline_arm,
        "experiment_kind": pair.trial.kind,
        "currency": world.shop.currency,
        "is_holdout": pair.is_holdout,
        "recorded_person_count": len(held),
        "person_count": arm[1],
        "outcome_person_count": arm[0],
        "baseline_person_count": base[1] if base else None,
        "baseline_outcome_person_count": base[0] if base else None,
        "contaminated_person_count": sum(person.is_contaminated for person in held),
        "later_episode_count": sum(person.later for person in held),
        "order_count": len(orders),
        "unpriced_order_count": sum(order.revenue is None for order in orders),
        "revenue_cap_amount": cap if pair.metric == "order" else None,
        "first_eligible_at": min(person.eligible_at for person in held),
        **_compared(world.shop, pair, arm, base),
        **_revenue(pair, cap),
        **_stratified(pair),
    }


def _compared(shop: Known, pair: Pair, arm: tuple[int, int], base: tuple[int, int] | None) -> Fact:
    share = rate(*arm)
    base_share = rate(*base) if base else None
    difference = None if share is None or base_share is None else share - base_share
    bounds: Ends | tuple[None, None] = NONE
    narrow, ratio = bounds, bounds
    if base and base[1] and arm[1]:
        bounds, narrow = newcombe(arm, base), newcombe(arm, base, z=DEVIATIONS_80)
        ratio = lift(arm, base) or NONE
    own = wilson(*arm) if arm[1] else NONE
    other = wilson(*base) if base and base[1] else NONE
    planned = _planned(shop, pair, base)
    return {
        "verdict": _verdict(shop, planned, (arm, base), bounds, narrow),
        "planned_person_count": planned,
        "smallest_effect_bp": shop.settings["smallest_effect_bp"],
        "outcome_rate": share,
        "outcome_rate_low": own[0],
        "outcome_rate_high": own[1],
        "baseline_outcome_rate": base_share,
        "baseline_outcome_rate_low": other[0],
        "baseline_outcome_rate_high": other[1],
        "outcome_rate_difference": difference,
        "difference_low": bounds[0],
        "difference_high": bounds[1],
        "difference_80_low": narrow[0],
        "difference_80_high": narrow[1],
        "relative_lift": difference / base_share if difference is not None and base_share else None,
        "relative_lift_low": ratio[0],
        "relative_lift_high": ratio[1],
        "extra_person_count": _times(difference, arm[1]),
        "extra_person_count_low": _times(bounds[0], arm[1]),
        "extra_person_count_high": _times(bounds[1], arm[1]),
    }


def _times(value: float | None, count: int) -> float | None:
    return None if value is None else value * count


def _planned(shop: Known, pair: Pair, base: tuple[int, int] | None) -> int | None:
    """Persons per arm without whom nothing is concluded."""
    if base is None or pair.baseline is None:
        return None
    smaller = min(len(pair.held), len(pair.baseline))
    wanted = shop.settings["planned_persons_per_arm"]
    if not wanted:
        least = shop.settings["small_n"]
        first = min(person.eligible_at for person in pair.held)
        days = max((shop.as_of - first) // DAY, LEAST_DAYS)
        wanted = math.ceil(smaller * MOST_DAYS / days)
        if base[1] >= least:
            # Where nobody had the outcome it is planned as if one had: a rate of 0 has no spread.
            effect = shop.settings["smallest_effect_bp"] / 10_000
            wanted = min(wanted, persons_per_arm(max(base[0], 1) / base[1], effect))
        wanted = max(wanted, least)
    # Whoever runs no more draws nobody more: it is judged by what it has.
    campaign = pair.trial.campaign
    runs = campaign["is_active"] and (
        campaign["ends_at"] is None or campaign["ends_at"] > shop.as_of
    )
    return wanted if runs or pair.trial.kind == "site" else min(wanted, smaller)


def _verdict(
    shop: Known, planned: int | None, sides: tuple[tuple[int, int], tuple[int, int] | None],
    bounds: Ends | tuple[None, None], narrow: Ends | tuple[None, None],
) -> str | None:  # fmt: skip
    arm, base = sides
    if planned is None or base is None:
        return None
    if min(arm[1], base[1]) < planned:
        return "collecting"
    low, high = bounds
    if low is None or high is None:
        return "cannot_be_measured"
    if low > 0 or high < 0:
        return "better" if low > 0 else "worse"
    if narrow[0] is not None and narrow[0] > 0:
        return "likely_better"
    effect = shop.settings["smallest_effect_bp"] / 10_000
    is_within = -effect <= low and high <= effect
    return "no_difference_larger_than" if is_within else "cannot_be_measured"


def _revenue(pair: Pair, cap: Decimal | None) -> Fact:
    base = [] if pair.baseline is None else pair.baseline
    own, capped = brought(pair.held, None), brought(pair.held, cap)
    other, other_capped = (brought(base, None), brought(base, cap)) if base else NONE
    count, base_count = (sum(p.is_mature for p in side) for side in (pair.held, base))
    own_mean, base_mean = mean(capped, count), mean(other_capped, base_count)
    difference = None
    if own_mean is not None and base_mean is not None and pair.metric == "order":
        difference = own_mean - base_mean
    return {
        "revenue_amount": own,
        "capped_revenue_amount": capped,
        "baseline_revenue_amount": other,
        "baseline_capped_revenue_amount": other_capped,
        "revenue_per_person_amount": mean(own, count),
        "baseline_revenue_per_person_amount": mean(other, base_count),
        "capped_revenue_per_person_amount": own_mean,
        "baseline_capped_revenue_per_person_amount": base_mean,
        "revenue_difference_amount": difference,
        "extra_revenue_amount": _times(difference, count),
    }


def _stratified(pair: Pair) -> Fact:
    """The difference of each value band both sides have, weighted by the persons of both."""
    names = ("difference_post_stratified", "difference_post_stratified_low",
             "difference_post_stratified_high")  # fmt: skip
    empty: Fact = {"stratified_person_count": None, **dict.fromkeys(names)}
    if pair.baseline is None or pair.metric != "order" or pair.trial.kind != "campaign":
        return empty
    bands = {person.band for person in pair.held}
    sides = []
    for band in sorted(bands):
        arm = counts([p for p in pair.held if p.band == band], "order")
        base = counts([p for p in pair.baseline if p.band == band], "order")
        if arm[1] and base[1]:
            sides.append((arm, base))
    persons = sum(arm[1] + base[1] for arm, base in sides)
    if not sides:
        return empty
    difference, below, above = 0.0, 0.0, 0.0
    for arm, base in sides:
        weight = (arm[1] + base[1]) / persons
        share, base_share = arm[0] / arm[1], base[0] / base[1]
        (low, high), (base_low, base_high) = wilson(*arm), wilson(*base)
        difference += weight * (share - base_share)
        below += weight**2 * ((share - low) ** 2 + (base_high - base_share) ** 2)
        above += weight**2 * ((high - share) ** 2 + (base_share - base_low) ** 2)
    difference = round(difference, DIGITS)
    ends = (
        difference - math.sqrt(round(below, DIGITS)),
        difference + math.sqrt(round(above, DIGITS)),
    )
    return {
        "stratified_person_count": persons,
        **dict(zip(names, (difference, *ends), strict=True)),
    }
