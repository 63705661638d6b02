"""May a trial be believed, does it do harm, and what could another one see (definitions, 6)."""

import math
from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from tests.oracle.arms import OLDER, known_arms
from tests.oracle.campaigns import version_of
from tests.oracle.cohorts import months_later
from tests.oracle.contact import contacts
from tests.oracle.effects import rpt_incrementality
from tests.oracle.facts import Fact, Mart, month_of
from tests.oracle.intervals import DEVIATIONS, POWER_80, chi_square_tail, persons_per_arm
from tests.oracle.known import Known
from tests.oracle.outcomes import Outcome
from tests.oracle.reports import rate
from tests.oracle.trial import Person, Trial, trials
from tests.oracle.world import World

REFUSALS = {"unsubscribe", "denial"}
TRIAL = ("campaign_key", "campaign_version")
# Limit in ten-thousandths: where it means one person, a rate is judged.
MERGED, UNSUBSCRIBED, COMPLAINED = 500, 100, 30
CHANCE = 0.001
LEAST_EXPECTED = 5
SHARES = range(1000, 5001, 500)
MONTHS = range(1, 25)


def rpt_experiment_checks(world: World) -> list[Fact]:
    """Every check of every trial, judged once there are enough persons."""
    rows = []
    for trial in trials(world):
        found = [
            _rate("merged_arms", trial.persons, MERGED, [p.is_contaminated for p in trial.persons])
        ]
        if trial.kind == "campaign":
            found += _ratio(world.shop, trial)
            found += _reactions(world, trial)
        named = {
            "campaign_key": trial.version[0],
            "campaign_version": trial.version[1],
            "experiment_kind": trial.kind,
        }
        rows += [named | row for row in found]
    return rows


def _check(key: str, arm: str, persons: int, threshold: float, **given: object) -> Fact:
    empty = dict.fromkeys(
        (
            "event_count",
            "baseline_person_count",
            "baseline_event_count",
            "chi_square",
            "check_value",
        )
    )
    return {
        **empty, "check_key": key, "arm_key": arm, "person_count": persons,
        "threshold_value": threshold, **given,
    }  # fmt: skip


def _rate(
    key: str, persons: list[Person], limit: int, events: list[bool], arm: str = "all"
) -> Fact:
    value = rate(sum(events), len(persons))
    is_judged = len(persons) * limit >= 10_000
    return _check(
        key, arm, len(persons), limit / 10_000,
        event_count=sum(events), check_value=value, is_judged=is_judged,
        is_alarm=is_judged and value is not None and value > limit / 10_000,
    )  # fmt: skip


def _ratio(shop: Known, trial: Trial) -> Iterator[Fact]:
    """Do the arms hold the persons that their shares promise?"""
    arms = known_arms(shop)[trial.version]
    held = {arm: sum(person.arm == arm for person in trial.persons) for arm in arms}
    drawn = {
        arm: int(str(row["share_bp"])) for arm, row in arms.items() if row["share_bp"] or held[arm]
    }
    if len(drawn) < 2:
        return
    persons, shares = sum(held[arm] for arm in drawn), sum(drawn.values())
    expected = {arm: persons * share / shares if shares else 0.0 for arm, share in drawn.items()}
    least = min(expected.values())
    statistic = tail = None
    if least:
        statistic = math.fsum((held[arm] - mean) ** 2 / mean for arm, mean in expected.items())
        tail = chi_square_tail(statistic, len(drawn) - 1)
    said: dict[object, set[object]] = defaultdict(set)
    for row in shop.versions["campaign_arms"]:
        if version_of(row) == trial.version:
            said[row["arm_key"]].add(row["share_bp"])
    is_one = all(len(given) == 1 for given in said.values())
    is_one = is_one and all(row["batch_id"] != OLDER for row in arms.values())
    is_judged = is_one and tail is not None and least >= LEAST_EXPECTED
    yield _check(
        "sample_ratio", "all", persons, CHANCE, chi_square=statistic, check_value=tail,
        is_judged=is_judged, is_alarm=is_judged and tail is not None and tail < CHANCE,
    )  # fmt: skip


def _reactions(world: World, trial: Trial) -> Iterator[Fact]:
    """Mail to somebody held out, and what the mails do besides selling."""
    written_to = {m.person for m in world.messages if version_of(m.handed.batch) == trial.version}
    held_out = [person for person in trial.persons if person.is_holdout]
    if held_out:
        reached = [person.person in written_to for person in held_out]
        value = sum(reached) / len(held_out)
        yield _check(
            "held_out_written_to", "all", len(held_out), 0.0, event_count=sum(reached),
            check_value=value, is_judged=True, is_alarm=value > 0,
        )  # fmt: skip
    said = _said(world, trial)
    mature = [person for person in held_out if person.is_mature]
    refused = [bool(said[person.person] & REFUSALS) for person in mature]
    for arm in sorted({person.arm for person in trial.persons if not person.is_holdout}):
        persons = [p for p in trial.persons if p.arm == arm and p.is_mature]
        yield _rate(
            "complaint_rate", persons, COMPLAINED,
            ["complaint" in said[person.person] for person in persons], arm,
        )  # fmt: skip
        row = _rate(
            "unsubscribe_rate", persons, UNSUBSCRIBED,
            [bool(said[person.person] & REFUSALS) for person in persons], arm,
        )  # fmt: skip
        # Whoever is held out unsubscribes too, from other mail.
        if row["check_value"] is not None:
            beyond = float(str(row["check_value"])) - (rate(sum(refused), len(mature)) or 0.0)
            row["check_value"] = beyond
            row["is_alarm"] = bool(row["is_judged"]) and beyond > UNSUBSCRIBED / 10_000
        if held_out:
            row |= {"baseline_person_count": len(mature), "baseline_event_count": sum(refused)}
        yield row


def _said(world: World, trial: Trial) -> dict[str, set[str]]:
    """What each person said in the window on the campaign's channel."""
    told = contacts(world.shop, world.people)
    channel = trial.campaign["channel"] or "email"
    return {
        person.person: {
            statement.kind
            for statement in told.statements.get(person.person, ())
            if statement.channel == channel
            and statement.purpose != "profiling"
            and person.eligible_at <= statement.at < person.ends_at
        }
        for person in trial.persons
    }


def rpt_experiment_plan(world: World) -> list[Fact]:
    """What a holdout of each share sees after each number of months, at the pace of a year."""
    eligible = _eligible(world)
    if not eligible:
        return []
    shop = world.shop
    today = month_of(shop.as_of_on)
    assert today is not None
    first = min(month for month, *_ in eligible)
    pace = len({one.cart.person for _, one in eligible}) / _months(first, today)
    basis, persons, orderers = _base(world, [one for _, one in eligible])
    planned = max(orderers, 1) / persons if orderers is not None and persons else None
    effect = shop.settings["smallest_effect_bp"] / 10_000
    rows = []
    for share in SHARES:
        for months in MONTHS:
            held, mailed = (pace * months * part / 10_000 for part in (share, 10_000 - share))
            spread = None
            if planned is not None:
                spread = math.sqrt(planned * (1 - planned) * (1 / mailed + 1 / held))
            found = None if spread is None else (DEVIATIONS + POWER_80) * spread
            needed = None if found is None else math.ceil(months * (found / effect) ** 2)
            rows.append(
                {
                    "holdout_share_bp": share,
                    "month_count": months,
                    "base_rate_basis": basis,
                    "is_measurable": needed is not None and needed <= months,
                    "smallest_effect_bp": shop.settings["smallest_effect_bp"],
                    "base_person_count": persons,
                    "base_orderer_count": orderers,
                    "base_rate": rate(orderers, persons) if orderers is not None else None,
                    "eligible_persons_per_month": pace,
                    "expected_holdout_count": held,
                    "expected_mailed_count": mailed,
                    "half_width": None if spread is None else DEVIATIONS * spread,
                    "minimum_detectable_effect": found,
                    "needed_persons_per_arm": None
                    if planned is None
                    else persons_per_arm(planned, effect),
                    "needed_month_count": needed,
                }
            )
    return rows


def _months(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month


def _eligible(world: World) -> list[tuple[date, Outcome]]:
    """Episodes of the last twelve full months that became eligible, by month of abandonment."""
    shop = world.shop
    today = month_of(shop.as_of_on)
    assert today is not None
    found = []
    for one in world.outcomes:
        at, closed_at = one.reached.eligible_at, one.cart.closed_at
        month = month_of(shop.on(one.cart.abandoned_at))
        if one.reached.state != "reachable" or at is None or month is None:
            continue
        if (closed_at is None or closed_at > at) and months_later(today, -12) <= month < today:
            found.append((month, one))
    return found


def _base(world: World, eligible: list[Outcome]) -> tuple[str | None, int | None, int | None]:
    """Name, persons and orderers of the first base with enough persons, else of the last there is."""
    shop = world.shop
    own = {version_of(r) for r in shop["campaigns"] if r["segment_key"] == "cart_recovery"}
    bases = [
        (
            "holdout",
            [
                bool(person.orders)
                for trial in trials(world)
                for person in trial.persons
                if trial.version in own and person.is_holdout and person.is_mature
            ],
        ),
        ("no_campaign", _first_carts(world, [one for one in eligible if one.version is None])),
        ("all_eligible", _first_carts(world, eligible)),
    ]
    filled = [(name, held) for name, held in bases if held]
    if not filled:
        return None, None, None
    least = shop.settings["small_n"]
    enough = [(name, held) for name, held in filled if len(held) >= least]
    name, held = enough[0] if enough else filled[-1]
    return name, len(held), sum(held)


def _first_carts(world: World, eligible: list[Outcome]) -> list[bool]:
    """Whether each person ordered in the window of the first of these carts whose window is over."""
    first: dict[str, tuple[object, str, bool]] = {}
    for one in eligible:
        at, person = one.reached.eligible_at, one.cart.person
        assert at is not None
        assert person is not None
        ends_at = at + (one.window_ends_at - one.cart.abandoned_at)
        if ends_at > world.shop.as_of:
            continue
        has_ordered = any(at <= o.ordered_by_at < ends_at for o in world.sales.get(person, ()))
        place = (at, one.cart.episode_id, has_ordered)
        first[person] = min(first.get(person, place), place)
    return [has_ordered for *_, has_ordered in first.values()]


MARTS: dict[str, Mart] = {
    "rpt_incrementality": (
        (*TRIAL, "metric_key", "comparison_key", "arm_key"), rpt_incrementality,
    ),
    "rpt_experiment_checks": ((*TRIAL, "check_key", "arm_key"), rpt_experiment_checks),
    "rpt_experiment_plan": (("holdout_share_bp", "month_count"), rpt_experiment_plan),
}  # fmt: skip
