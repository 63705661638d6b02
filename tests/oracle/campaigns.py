"""Which campaign an episode belongs to, and what the ledger did about it."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from tests.oracle.known import Known, Row
from tests.oracle.messages import Message

Version = tuple[str, int]


@dataclass
class Ledgered:
    """What the ledger of one campaign says of one episode."""

    campaign: str
    version: int
    arm: str | None = None
    eligible_at: datetime | None = None
    handed_over_at: datetime | None = None
    held_out_at: datetime | None = None
    gate_reason: str | None = None
    # Step → when it was handed over or held out.
    done: dict[int, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """One row of the ledger, whatever its kind."""

    at: datetime
    campaign: str
    version: int
    kind: str
    step: int
    occurrence: str
    arm: str | None = None
    reason: str | None = None
    key: str = ""
    recorded_at: datetime | None = None


def version_of(row: Row) -> Version:
    """Campaign and version of a row."""
    return str(row["campaign_key"]), int(str(row["campaign_version"]))


def cart_campaigns(shop: Known) -> dict[Version, Row]:
    """Versions of the campaigns that write about carts."""
    return {
        version_of(row): row for row in shop["campaigns"] if row["segment_key"] == "cart_recovery"
    }


def running(campaigns: dict[Version, Row], instant: datetime) -> Version | None:
    """The version that ran at an instant: of several the first key, its newest version."""
    found = [
        version
        for version, row in campaigns.items()
        # Switched off without an end, a version has said nothing about when it ran.
        if (row["is_active"] or row["ends_at"] is not None)
        and (row["starts_at"] is None or row["starts_at"] <= instant)
        and (row["ends_at"] is None or row["ends_at"] > instant)
    ]
    return min(found, key=lambda version: (version[0], -version[1]), default=None)


def ledger(shop: Known, messages: list[Message]) -> dict[str, Ledgered]:
    """By episode: the campaign whose ledger names it first, and all that campaign did."""
    campaigns = cart_campaigns(shop)
    entries: dict[str, list[Entry]] = defaultdict(list)
    for entry in _entries(shop, messages):
        if (entry.campaign, entry.version) in campaigns:
            entries[entry.occurrence].append(entry)
    return {occurrence: _summed_up(given) for occurrence, given in entries.items()}


def _entries(shop: Known, messages: list[Message]) -> Iterator[Entry]:
    for message in messages:
        yield Entry(
            message.handed.handed_over_at, *version_of(message.handed.batch), "handed_over",
            message.step, message.occurrence, arm=str(message.handed.claim["arm_key"]),
        )  # fmt: skip
    batches = {
        row["export_batch_id"]: row
        for row in shop["export_batches"]
        if row["batch_state"] not in {"void", "expired"}
    }
    for claim in shop["export_claims"]:
        batch = batches.get(claim["export_batch_id"])
        if batch is not None and claim["claim_state"] == "held_out":
            yield Entry(
                claim["claimed_at"], *version_of(batch), "held_out",
                int(str(batch["step_number"])), str(claim["occurrence_key"]),
                arm=str(claim["arm_key"]),
            )  # fmt: skip
    for row in shop["export_gated"]:
        yield Entry(
            row["last_at"], *version_of(row), "gated", int(str(row["step_number"])),
            str(row["occurrence_key"]), reason=str(row["reason_code"]), key=str(row["person_key"]),
        )  # fmt: skip
    for row in shop["arm_records"]:
        yield Entry(
            row["eligible_at"], *version_of(row), "drawn", 0, str(row["occurrence_key"]),
            arm=str(row["arm_key"]), key=str(row["person_key"]), recorded_at=row["recorded_at"],
        )  # fmt: skip


def _summed_up(entries: list[Entry]) -> Ledgered:
    owner = min(entries, key=lambda e: (e.at, e.campaign, e.version)).campaign
    own = [entry for entry in entries if entry.campaign == owner]
    found = Ledgered(owner, min(entry.version for entry in own))
    drawn = [entry for entry in own if entry.kind == "drawn"]
    # The record wins; of two records of one episode the earlier.
    arms = sorted(drawn, key=lambda e: (e.recorded_at or e.at, e.key)) or sorted(
        (e for e in own if e.arm is not None), key=lambda e: e.at
    )
    found.arm = arms[0].arm if arms else None
    found.eligible_at = min((e.at for e in drawn), default=None)
    for entry in sorted(own, key=lambda e: e.at, reverse=True):
        if entry.kind == "handed_over":
            found.handed_over_at = entry.at
        if entry.kind == "held_out":
            found.held_out_at = entry.at
        if entry.kind in {"handed_over", "held_out"}:
            found.done[entry.step] = entry.at
    # Of several reasons to leave the first step out the last one stands.
    gated = [e for e in own if e.kind == "gated" and e.step == 1]
    newest = sorted(gated, key=lambda e: e.key)
    newest.sort(key=lambda e: (e.at, e.version), reverse=True)
    found.gate_reason = newest[0].reason if newest else None
    return found
