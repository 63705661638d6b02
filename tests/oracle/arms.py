"""Who is in which arm: the record, else the draw (definitions, section 6)."""

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from tests.oracle.campaigns import Version, version_of
from tests.oracle.known import Known, Row
from tests.oracle.persons import People


@dataclass
class Assignment:
    """One eligible episode of one person in a campaign version."""

    version: Version
    occurrence: str
    person: str
    arm: str
    basis: str
    eligible_at: datetime
    recorded_at: datetime | None = None
    is_contaminated: bool = False
    eligible_no: int = 0


@dataclass(frozen=True)
class Candidate:
    """An episode that is eligible and may lack a record."""

    version: Version
    occurrence: str
    person: str
    eligible_at: datetime


# The batch of an arm that an older shop file named, where a row says so.
OLDER = "of an older file"


def arms_of(shop: Known) -> dict[Version, list[Row]]:
    """Arms of each version in the order of `shop.yml`."""
    found: dict[Version, list[Row]] = defaultdict(list)
    for row in shop["campaign_arms"]:
        if row["batch_id"] != OLDER:
            found[version_of(row)].append(row)
    for arms in found.values():
        arms.sort(key=lambda row: (row["arm_order"], row["arm_key"]))
    return found


def known_arms(shop: Known) -> dict[Version, dict[str, Row]]:
    """Arms of each version, those the shop file names no more as it last named them."""
    found: dict[Version, dict[str, Row]] = defaultdict(dict)
    for row in shop["campaign_arms"]:
        found[version_of(row)][str(row["arm_key"])] = row
    return found


def drawn_arm(arms: list[Row], *, salt: object, shop_id: str, person: str) -> str | None:
    """First 8 hex digits of the hash mod 10,000 against the cumulated shares."""
    digest = hashlib.sha256(f"{salt}:{shop_id}:{person}".encode()).hexdigest()
    number = int(digest[:8], 16) % 10_000
    reached = 0
    for row in arms:
        reached += int(str(row["share_bp"]))
        if number < reached:
            return str(row["arm_key"])
    return None


def assignments(shop: Known, found: People, eligible: list[Candidate]) -> list[Assignment]:
    """Recorded and drawn, numbered by person and version."""
    recorded = _recorded(shop, found)
    of_person: dict[tuple[Version, str], list[Assignment]] = defaultdict(list)
    for given in recorded:
        of_person[given.version, given.person].append(given)
    first_arm = {
        place: min(given, key=lambda a: (a.recorded_at, a.eligible_at, a.occurrence)).arm
        for place, given in of_person.items()
    }
    mixed = {place for place, given in of_person.items() if len({a.arm for a in given}) > 1}
    on_record = {(a.version, a.occurrence) for a in recorded}
    arms, salts = arms_of(shop), {version_of(r): r["salt"] for r in shop["campaigns"]}
    made = list(recorded)
    for one in eligible:
        if (one.version, one.occurrence) in on_record:
            continue
        drawn = drawn_arm(
            arms[one.version], salt=salts[one.version], shop_id=shop.shop_id, person=one.person
        )
        if drawn is not None:
            arm = first_arm.get((one.version, one.person), drawn)
            made.append(
                Assignment(one.version, one.occurrence, one.person, arm, "drawn", one.eligible_at)
            )
    numbered: dict[tuple[Version, str], int] = defaultdict(int)
    # What was never put on record does not stand before what was.
    made.sort(key=lambda a: (a.basis != "recorded", a.eligible_at, a.occurrence))
    for one in made:
        place = (one.version, one.person)
        numbered[place] += 1
        one.eligible_no, one.is_contaminated = numbered[place], place in mixed
    return made


def _recorded(shop: Known, found: People) -> list[Assignment]:
    """One record per episode and person: the earliest stands for ever."""
    first: dict[tuple[Version, str, str], tuple[datetime, str, Row]] = {}
    for row in shop["arm_records"]:
        person = found.of_claim(row)
        if person is None:
            continue
        place = (version_of(row), str(row["occurrence_key"]), person)
        given = (row["recorded_at"], str(row["person_key"]), row)
        if place not in first or given[:2] < first[place][:2]:
            first[place] = given
    return [
        Assignment(
            version, occurrence, person, str(row["arm_key"]), "recorded",
            row["eligible_at"], recorded_at,
        )
        for (version, occurrence, person), (recorded_at, _, row) in first.items()
    ]  # fmt: skip
