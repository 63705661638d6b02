"""Campaigns outside of carts in a generated shop, and what the ledger holds of their people."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.oracle.shops import AS_OF, Shop

Account = dict[str, object]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
# Key, share, whether held out, own delay in minutes beside the step's.
ARMS = (
    (("mail", 10_000, False, None),),
    (("mail", 7_000, False, None), ("none", 3_000, True, None)),
    # One arm has the step's delay, the other a later one of its own.
    (("plain", 4_000, False, None), ("slow", 4_000, False, 2880), ("none", 2_000, True, None)),
    (("fast", 5_000, False, 0), ("slow", 5_000, False, 2880)),
)  # fmt: skip
# Of two records: which occasion, how many hours ago, and eligible how many hours before that. Put on
# record second and eligible first; first, but of another occasion; both of this one; together.
SCENES = (
    (("earlier", 9, 0), ("before", 4, 30)), (("earlier", 9, 0), ("before", 4, 30)),
    (("this", 1, 0), ("earlier", 9, 0)), (("this", 0, 30), ("this", 4, 0)),
    (("earlier", 9, 30), ("before", 9, 0)),
)  # fmt: skip


@dataclass(frozen=True)
class Campaign:
    """A drawn campaign: its key, versions, and the first step's delay."""

    key: str
    versions: tuple[int, ...]
    delay: timedelta


def campaign(
    made: Shop, draw: random.Random, segment: str, *, delay: timedelta,
    measured_from: tuple[str, ...] = ("qualified",), later: timedelta = timedelta(0),
    name: str = "all", **given: object,
) -> Campaign:  # fmt: skip
    """One version or two, with steps and arms. The second may measure otherwise and be `later`."""
    key, switch = f"{segment}_{name}", AS_OF - draw.choice((HOUR, DAY, 2 * DAY, 20 * DAY, 20 * DAY))
    spans: list[tuple[datetime | None, datetime | None, bool]] = [(None, None, True)]
    chance = draw.random()
    if chance < 0.12:
        spans = [(None, switch, True), (switch, None, True)]
    elif chance < 0.24:
        # Side by side: the newest one counts.
        spans = [(None, None, True), (switch, None, True)]
    elif chance < 0.3:
        spans = [(None, None, True), (None, None, False)]
    for version, (starts_at, ends_at, is_active) in enumerate(spans, 1):
        made.add(
            "campaigns", campaign_key=key, campaign_version=version, segment_key=segment,
            channel=draw.choices(("email", "post"), (5, 1))[0], purpose="marketing",
            is_active=is_active, starts_at=starts_at, ends_at=ends_at, salt=f"salt-{version}",
            recovery_window_days=7, eligibility_hours=24, **given,
        )  # fmt: skip
        steps(
            made, draw, key, version, delay=delay + (version - 1) * later,
            measured_from=draw.choice(measured_from),
        )  # fmt: skip
    return Campaign(key, tuple(range(1, len(spans) + 1)), delay)


def steps(
    made: Shop, draw: random.Random, key: str, version: int, *, delay: timedelta,
    measured_from: str,
) -> None:  # fmt: skip
    """Up to three steps, and arms in most versions."""
    for step in range(1, draw.choice((1, 2, 2, 3)) + 1):
        made.add(
            "campaign_steps", campaign_key=key, campaign_version=version, step_number=step,
            delay_minutes=delay // timedelta(minutes=1), measured_from=measured_from,
            validity_hours=draw.choice((24, 72, 72)), cool_down_hours=72,
        )  # fmt: skip
        # Sometimes sooner than the first step of a slow arm.
        delay += draw.choice((timedelta(0), DAY, DAY, 2 * DAY))
    if draw.random() < 0.15:
        return
    for order, (arm, share, is_holdout, own) in enumerate(draw.choice(ARMS), 1):
        made.add(
            "campaign_arms", campaign_key=key, campaign_version=version, arm_key=arm,
            arm_order=order, share_bp=share, is_holdout=is_holdout, delay_minutes=own,
        )  # fmt: skip


def account(
    made: Shop, draw: random.Random, name: str, *, is_member: bool | None = None, **given: object
) -> Account:
    """Somebody with an address of their own, some of whom are two accounts."""
    is_member = draw.random() < 0.85 if is_member is None else is_member
    address = f"hash-{name}"
    customer_id = f"shop:{name}" if is_member else f"guest:{address}"
    row = made.add(
        "customers", customer_id=customer_id, is_member=is_member, is_derived=False,
        member_state="active" if is_member else "guest", email_hash=address,
        person_key=f"k:{made.shop_id}:{customer_id}",
        **{"registered_at": AS_OF - 300 * DAY if is_member else None, **given},
    )  # fmt: skip
    if is_member and draw.random() < 0.5:
        made.add(
            "customers", customer_id=f"shop:{name}-too", is_member=True, is_derived=False,
            member_state="active", email_hash=address, registered_at=AS_OF - 290 * DAY,
            person_key=f"k:{made.shop_id}:shop:{name}-too",
        )  # fmt: skip
    return row


def ledger(
    made: Shop, draw: random.Random, given: Campaign, who: Account, occurrence: str, at: datetime
) -> None:
    """A record of the arm, hand-offs of the first steps, or nothing, since a sequence began `at`."""
    version = draw.choice(given.versions)
    arms = [
        str(row["arm_key"]) for row in made.tables["campaign_arms"]
        if (row["campaign_key"], row["campaign_version"]) == (given.key, version)
    ] or ["gone"]  # fmt: skip
    due_at = at + given.delay
    if draw.random() < 0.65:
        _records(made, draw, (given.key, version), who, occurrence, arms, due_at)
    if draw.random() < 0.15:
        # Another occasion not long ago: the same step may have to cool down.
        handed_over(
            made, given.key, version, 1, who, "earlier", due_at - 2 * HOUR, is_held=False
        )  # fmt: skip
    if draw.random() < 0.35:
        return
    for step in (1, 2):
        # At once, or late by less or more than the steps are apart.
        due_at += draw.choice((timedelta(0), HOUR, DAY, DAY + HOUR))
        is_held = draw.random() < 0.3
        handed_over(made, given.key, version, step, who, occurrence, due_at, is_held=is_held)
        if draw.random() < 0.6:
            break


def _records(
    made: Shop, draw: random.Random, version: tuple[str, int], who: Account, occurrence: str,
    arms: list[str], at: datetime,
) -> None:  # fmt: skip
    """The person's record, and that of the account merged since."""
    keys = [
        row["person_key"] for row in made.tables["customers"]
        if row["email_hash"] == who["email_hash"]
    ]  # fmt: skip
    scene = draw.choice(SCENES)
    apart = draw.sample([*arms, "gone"], 2)
    for place, (key, (occasion, recorded, eligible)) in enumerate(zip(keys, scene, strict=False)):
        recorded_at = min(at, AS_OF - HOUR) - recorded * HOUR
        made.add(
            "arm_records", campaign_key=version[0], campaign_version=version[1],
            occurrence_key=occurrence if occasion == "this" else occasion, person_key=key,
            email_hash=who["email_hash"], arm_key=apart[place],
            # Eligible is who is put on record; older ledgers name the day they qualified.
            eligible_at=recorded_at - eligible * HOUR, recorded_at=recorded_at,
        )  # fmt: skip


def handed_over(
    made: Shop, key: str, version: int, step: int, who: Account, occurrence: str, at: datetime, *,
    is_held: bool,
) -> None:  # fmt: skip
    """A claim of a batch that left, or of somebody held out."""
    if at >= AS_OF:
        return
    channel = next(
        row["channel"] for row in made.tables["campaigns"]
        if (row["campaign_key"], row["campaign_version"]) == (key, version)
    )  # fmt: skip
    number = made.number("export_claims")
    batch = made.add(
        "export_batches", export_batch_id=f"x{made.number('export_batches'):03d}", program=key,
        campaign_key=key, campaign_version=version, step_number=step, channel=channel,
        batch_state="delivered", created_at=at, slot="slot", destination="mailer",
        handed_over_at=at,
    )  # fmt: skip
    made.add(
        "export_claims", export_batch_id=batch["export_batch_id"], claim_no=number,
        occurrence_key=occurrence, person_key=who["person_key"], email_hash=who["email_hash"],
        arm_key="none" if is_held else "mail", recipient_token=f"{made.shop_id}-t{number}",
        dedupe_key=f"{key}/{step}/{channel}/{occurrence}", claimed_at=at, due_at=at,
        claim_state="held_out" if is_held else "claimed",
    )  # fmt: skip
