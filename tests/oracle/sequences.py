"""Whom a campaign writes to outside of carts: version, arm and steps (definitions, section 10)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.oracle.arms import Assignment, arms_of, drawn_arm, known_arms
from tests.oracle.behaviour import once
from tests.oracle.campaigns import Version, version_of
from tests.oracle.due import fct_campaign_steps_done
from tests.oracle.facts import Fact
from tests.oracle.known import Row
from tests.oracle.world import World


@dataclass(frozen=True)
class Occurrence:
    """Why and since when somebody is to be written to; of a campaign's own rule, by which version."""

    person: str
    key: str
    qualified_at: datetime
    counted_from_at: datetime
    reason: str
    facts: Fact
    content_source: str = "none"
    version: Version | None = None
    # No step is valid from here on.
    until: datetime | None = None


@dataclass
class Sequence:
    """One version of a campaign: its steps and arms."""

    campaign: Row
    steps: dict[int, Row] = field(default_factory=dict)
    arms: list[Row] = field(default_factory=list)

    def runs(self, instant: datetime) -> bool:
        """Switched on, begun and not over."""
        starts_at, ends_at = self.campaign["starts_at"], self.campaign["ends_at"]
        has_begun = starts_at is None or starts_at <= instant
        return bool(self.campaign["is_active"] and has_begun) and (
            ends_at is None or ends_at > instant
        )

    def delay(self, step: int, arm: Row) -> timedelta:
        """An arm's delay is the first step's; the others keep theirs."""
        own = arm["delay_minutes"] if step == 1 else None
        return timedelta(minutes=self.steps[step]["delay_minutes"] if own is None else own)


@once
def sequences(world: World) -> dict[Version, Sequence]:
    """Every version with a step, of every segment."""
    arms = arms_of(world.shop)
    found = {
        version_of(row): Sequence(row, arms=arms.get(version_of(row), []))
        for row in world.shop["campaigns"]
    }
    for row in world.shop["campaign_steps"]:
        if version_of(row) in found:
            found[version_of(row)].steps[int(str(row["step_number"]))] = row
    return {version: one for version, one in found.items() if one.steps}


def of_segment(world: World, segment: str) -> dict[Version, Sequence]:
    """Versions that write to a segment."""
    return {
        version: one
        for version, one in sequences(world).items()
        if one.campaign["segment_key"] == segment
    }


def members(world: World, segment: str, given: Iterable[Occurrence]) -> list[Fact]:
    """Every step that is valid now or waits for a slower arm, by the newest version that ran then."""
    versions = of_segment(world, segment)
    begun: dict[tuple[str, str, str], tuple[Version, Occurrence]] = {}
    for one in given:
        for version, sequence in versions.items():
            if one.version in {None, version} and sequence.runs(one.counted_from_at):
                place = (one.person, one.key, version[0])
                if place not in begun or begun[place][0] < version:
                    begun[place] = (version, one)
    return [
        row
        for version, one in begun.values()
        for row in _steps(world, version, versions[version], one)
    ]


def _steps(world: World, version: Version, sequence: Sequence, one: Occurrence) -> Iterator[Fact]:
    name, arm = arm_of(world, version, sequence, one)
    for number, step in sequence.steps.items():
        delay = sequence.delay(number, arm)
        due_at = one.counted_from_at + delay
        # Everybody's arm is put on record at once: when the fastest is due.
        fastest = min([delay, *(sequence.delay(number, other) for other in sequence.arms)])
        if number > 1:
            done_at = _done(world).get((version[0], number - 1, one.key, one.person))
            if done_at is None or number - 1 not in sequence.steps:
                continue
            apart = delay - sequence.delay(number - 1, arm)
            due_at = max(due_at, done_at + max(apart, timedelta(0)))
        until = due_at + timedelta(hours=int(str(step["validity_hours"])))
        until = until if one.until is None else min(until, one.until)
        if one.counted_from_at + fastest <= world.shop.as_of < until and due_at < until:
            place = (*version, number, name, str(sequence.campaign["channel"]))
            yield row_of(one, place, due_at, until, is_held_out=bool(arm["is_holdout"]))


def row_of(
    one: Occurrence, place: tuple[str, int, int, str | None, str], due_at: datetime,
    until: datetime, *, is_held_out: bool,
) -> Fact:  # fmt: skip
    """A row of the one contract and what it tells the mail. `place`: version, step, arm, channel."""
    campaign, version, step, arm, channel = place
    return {
        "person_id": one.person,
        "campaign_key": campaign,
        "campaign_version": version,
        "step_number": step,
        "arm_key": arm,
        "channel": channel,
        "occurrence_key": one.key,
        "dedupe_key": f"{campaign}/{step}/{channel}/{one.key}",
        "qualified_at": one.qualified_at,
        "due_at": due_at,
        "valid_until_at": until,
        "reason_code": one.reason,
        "is_held_out": is_held_out,
        "content_source": one.content_source,
        **one.facts,
    }


def arm_of(
    world: World, version: Version, sequence: Sequence, one: Occurrence
) -> tuple[str | None, Row]:
    """The occurrence's own record, else the person's earliest, else the draw."""
    records = _records(world).get((version, one.person), [])
    known = known_arms(world.shop)[version]
    for record in records:
        if record.occurrence == one.key:
            return record.arm, known.get(record.arm, Row())
    if records:
        first = min(records, key=lambda a: (a.recorded_at, a.eligible_at, a.occurrence))
        return first.arm, known.get(first.arm, Row())
    drawn = drawn_arm(
        sequence.arms, salt=sequence.campaign["salt"], shop_id=world.shop.shop_id,
        person=one.person,
    )  # fmt: skip
    return drawn, next((row for row in sequence.arms if row["arm_key"] == drawn), Row())


@once
def _records(world: World) -> dict[tuple[Version, str], list[Assignment]]:
    found: dict[tuple[Version, str], list[Assignment]] = defaultdict(list)
    for given in world.assignments:
        if given.basis == "recorded":
            found[given.version, given.person].append(given)
    return found


@once
def _done(world: World) -> dict[tuple[object, ...], datetime]:
    """When a step was first handed over or held out, by campaign, step, occurrence and person."""
    return {
        tuple(row[name] for name in ("campaign_key", "step_number", "occurrence_key", "person_id")):
        row["done_at"]
        for row in fct_campaign_steps_done(world)
    }  # fmt: skip
