"""Claimed people who must not be written to any more: looked up at sealing and before leaving."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag

from pipelines.exports import ledger
from pipelines.exports.claims import scope_of
from pipelines.exports.errors import Tampered
from pipelines.exports.facts import Facts, PersonKeys
from pipelines.exports.gates import LATE, LedgerView, Situation, first_hit
from pipelines.exports.payload import Payload, Vault
from pipelines.exports.rules import Rules
from pipelines.exports.snapshot import Member
from pipelines.state import claim, frequency

# Gates that need the ledger alone: all that is left where no snapshot can be read.
_LEDGER_ONLY: Final = (
    "erased",
    "unsubscribed",
    "complaint",
    "hard_bounce",
    "manual_block",
    "stale",
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """One claim that would be rendered, opened."""

    ord: int
    occurrence: str
    dedupe_key: str
    valid_until_at: datetime | None
    payload: Payload


@dataclass(frozen=True)
class Looked:
    """What one walk saw of its batches' people: looking again asks the ledger for news alone.

    Valid for one snapshot, which is what a walk has.
    """

    claimed: dict[str, Sequence[Claimed]] = field(default_factory=dict)
    # Batch → keys of its people, and what the ledger said of them when nobody of them had to leave.
    clear: dict[str, tuple[Sequence[str], LedgerView]] = field(default_factory=dict)


def claimed_of(
    connection: sa.Connection, batch_id: str, *, vault: Vault, looked: Looked | None = None
) -> Sequence[Claimed]:
    """The claims of a batch that are rendered, by number. Held-out ones never are.

    Raises: Tampered where a stored payload is not the one that was claimed.
    """
    c = claim.c
    mine = (c.batch_id == batch_id, c.st == "claimed", c.payload_enc.is_not(None))
    known = None if looked is None else looked.claimed.get(batch_id)
    if known is not None:
        still: set[int] = set(connection.execute(sa.select(c.ord).where(*mine)).scalars())
        if still <= {one.ord for one in known}:
            return [one for one in known if one.ord in still]
    query = (
        sa.select(c.ord, c.occurrence, c.dedupe_key, c.valid_until_at, c.payload_enc)
        .where(*mine)
        .order_by(c.ord)
    )
    try:
        found = [
            Claimed(
                ord=row.ord, occurrence=row.occurrence, dedupe_key=row.dedupe_key,
                valid_until_at=row.valid_until_at,
                payload=vault.open(row.payload_enc, batch_id=batch_id, ord_=row.ord),
            )
            for row in connection.execute(query)
        ]  # fmt: skip
    except InvalidTag as error:
        raise Tampered(
            f"claims of {batch_id} in the ledger are not as they were written"
        ) from error
    if looked is not None:
        looked.claimed[batch_id] = found
    return found


def late_exits(
    connection: sa.Connection,
    row: ledger.BatchRow,
    claimed: Sequence[Claimed],
    *,
    rules: Rules,
    facts: Facts | None,
    now: datetime,
    looked: Looked | None = None,
) -> Mapping[int, str]:
    """Claim number → the first reason it must not leave, as of now, under the claimed address."""
    scope = scope_of(rules, row.of, destination=row.destination)
    if looked is not None and _no_news(connection, row, claimed, looked, scope=scope, now=now):
        return {}
    owners = {} if facts is None else facts.owners
    found: dict[int, str] = {}
    keys = {c.ord: _keys(c, facts, owners) for c in claimed}
    every = sorted(set().union(*keys.values()))
    view = _view(connection, every, scope=scope, now=now)
    people = {c.ord: _owner(c, facts, owners) for c in claimed}
    contacts = {people[c.ord]: {"email": c.payload.email} for c in claimed}
    at = Situation(
        program=row.of,
        cool=rules.step(row.of),
        facts=replace(facts or Facts(), contacts=contacts),
        ledger=view,
        now=now,
        today=now.astimezone(rules.zone).date(),
        pepper=rules.pepper,
        stops_on_order=bool(row.layout["stops_on_order"]),
        is_behavioural=bool(row.layout["is_behavioural"]),
        known={people[c.ord]: PersonKeys(people[c.ord], keys[c.ord]) for c in claimed},
    )
    among = _LEDGER_ONLY if facts is None else LATE
    for one in claimed:
        if reason := first_hit(_member(one, row, people[one.ord]), at, among=among):
            found[one.ord] = reason
    if looked is not None and not found:
        looked.clear[row.batch_id] = (every, view)
    return found


def _no_news(
    connection: sa.Connection,
    row: ledger.BatchRow,
    claimed: Sequence[Claimed],
    looked: Looked,
    *,
    scope: ledger.Scope,
    now: datetime,
) -> bool:
    # Time is no news of the ledger's: a run may have waited between its two looks.
    if any(one.valid_until_at is not None and one.valid_until_at <= now for one in claimed):
        return False
    before = looked.clear.get(row.batch_id)
    return before is not None and _view(connection, before[0], scope=scope, now=now) == before[1]


def _view(
    connection: sa.Connection, keys: Sequence[str], *, scope: ledger.Scope, now: datetime
) -> LedgerView:
    stopped = ledger.stopped(connection, keys, scope=scope, now=now)
    return LedgerView(erased=ledger.erased_among(connection, keys), stopped=stopped)


def drop(connection: sa.Connection, batch_id: str, exits: Mapping[int, str]) -> None:
    """Take people out of a batch. Who is merely late may come again; the others stay guarded."""
    stale = [ord_ for ord_, reason in exits.items() if reason == "stale"]
    if stale:
        ledger.release(connection, batch_id, reason="stale", ords=stale)
    for ord_, reason in exits.items():
        if reason == "stale":
            continue
        mine = (claim.c.batch_id == batch_id) & (claim.c.ord == ord_)
        connection.execute(
            claim.update().where(mine).values(st="suppressed", reason=reason, payload_enc=None)
        )
        connection.execute(
            frequency.delete().where(frequency.c.batch_id == batch_id, frequency.c.ord == ord_)
        )


def _owner(one: Claimed, facts: Facts | None, owners: Mapping[str, str]) -> str:
    # Merged since the claim: the person goes by another of their own ids now.
    if facts is None or one.payload.person_id in facts.person_keys:
        return one.payload.person_id
    found = (owners[key] for key in one.payload.keys if key in owners)
    return next(found, one.payload.person_id)


def _keys(one: Claimed, facts: Facts | None, owners: Mapping[str, str]) -> frozenset[str]:
    mine = frozenset(one.payload.keys)
    if facts is None:
        return mine
    now = facts.person_keys.get(_owner(one, facts, owners))
    return mine if now is None else mine | now.all


def _member(one: Claimed, row: ledger.BatchRow, person: str) -> Member:
    return Member(
        person_id=person, campaign_key=row.campaign_key, campaign_version=row.campaign_version,
        step_number=row.step_number, arm_key="", channel=row.channel,
        occurrence_key=one.occurrence, dedupe_key=one.dedupe_key,
        qualified_at=one.payload.qualified_at, due_at=one.payload.qualified_at,
        valid_until_at=one.valid_until_at, reason_code=None, is_held_out=False,
    )  # fmt: skip
