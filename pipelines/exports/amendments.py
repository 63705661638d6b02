"""Lists beside a handed-over file: who left the segment since, and whom the mailer should drop.

Both only ever take people out, so writing one twice harms nobody; they need no guard.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import sqlalchemy as sa

from pipelines import state
from pipelines.exports import ledger
from pipelines.exports.cells import ascii_address
from pipelines.exports.exits import Claimed, claimed_of, late_exits
from pipelines.exports.facts import keys_of
from pipelines.exports.handoff import Handoff
from pipelines.exports.ledger import BatchRow
from pipelines.exports.render import Layout, files_bytes
from pipelines.exports.snapshot import Segment
from pipelines.state import batch, claim

_LABELS = ("email", "recipient_token", "batch_id", "reason")
# A printing house and a page never had the address: they are told tokens alone.
_WITHOUT_ADDRESS = _LABELS[1:]


def write_removed(handoff: Handoff, row: BatchRow, segment: Segment) -> str | None:
    """Name of `<batch>.removed.csv`, or None if nobody left since the last hand-off.

    Invariant: written once per batch, after its file; a crash in between is made up for by the
    next call, because the digest is stored only then.
    """
    if row.state not in ledger.HANDED or row.removed_sha256 is not None:
        return None
    present = _present_keys(handoff, segment)
    # The destination's lock is held: nothing changes between looking, writing and noting it down.
    with state.reading(handoff.engine) as connection:
        gone = list(_gone(handoff, connection, row, present))
    lines = [_line(handoff, old, one, "left_segment") for old, one in gone]
    name = f"{row.batch_id}.removed.csv"
    data = _bytes(row, lines)
    if lines:
        handoff.outbox.place(name, data)
    with state.writing(handoff.engine) as connection:
        for old, one in gone:
            connection.execute(
                claim.update()
                .where(claim.c.batch_id == old.batch_id, claim.c.ord == one.ord)
                .values(removed_in=row.batch_id)
            )
        _store(connection, row, removed_sha256=hashlib.sha256(data).hexdigest())
    return name if lines else None


def _gone(
    handoff: Handoff, connection: sa.Connection, row: BatchRow, present: set[str]
) -> Iterator[tuple[BatchRow, Claimed]]:
    earlier = ledger.batches(
        connection,
        batch.c.program == row.program, batch.c.destination == row.destination,
        # Two saved segments share a program: who is in one has not left the other.
        batch.c.segment == row.segment,
        batch.c.state.in_(ledger.HANDED), batch.c.batch_id != row.batch_id,
        batch.c.created_at <= row.created_at,
    )  # fmt: skip
    for old in earlier:
        listed = _listed(connection, old.batch_id)
        for one in claimed_of(connection, old.batch_id, vault=handoff.vault):
            if one.ord not in listed and present.isdisjoint(one.payload.keys):
                yield old, one


def write_suppress(handoff: Handoff, row: BatchRow) -> str | None:
    """Name of `<batch>.suppress.csv`, or None if nothing changed since it was last written.

    People of a batch still in its validity who bought, emptied the cart or objected since.
    """
    is_over = row.expires_at is not None and row.expires_at <= handoff.now
    if row.state not in ledger.HANDED or is_over:
        return None
    with state.reading(handoff.engine) as connection:
        claimed = claimed_of(connection, row.batch_id, vault=handoff.vault, looked=handoff.looked)
        exits = late_exits(
            connection, row, claimed, rules=handoff.rules, facts=handoff.facts, now=handoff.present,
            looked=handoff.looked,
        )  # fmt: skip
    lines = [_line(handoff, row, one, exits[one.ord]) for one in claimed if one.ord in exits]
    data = _bytes(row, lines)
    digest = hashlib.sha256(data).hexdigest()
    if not lines or digest == row.suppress_sha256:
        return None
    name = recall_name(row)
    handoff.outbox.place(name, data)
    with state.writing(handoff.engine) as connection:
        _store(connection, row, suppress_sha256=digest)
    return name


def recall_name(row: BatchRow) -> str:
    """Name of the list of people to drop from a batch."""
    return f"{row.batch_id}.suppress.csv"


def handed_over_of(handoff: Handoff) -> list[BatchRow]:
    """Batches of the destination a mailer may still be sending from."""
    with state.reading(handoff.engine) as connection:
        return ledger.batches(
            connection,
            batch.c.destination == handoff.destination,
            batch.c.state.in_(ledger.HANDED),
            sa.or_(batch.c.expires_at.is_(None), batch.c.expires_at > handoff.now),
        )


def _present_keys(handoff: Handoff, segment: Segment) -> set[str]:
    known = handoff.facts.person_keys if handoff.facts else {}
    present: set[str] = set()
    for person in {member.person_id for member in segment.members}:
        found = known.get(person) or keys_of(person, frozenset(), pepper=handoff.rules.pepper)
        present |= found.all
    return present


def _listed(connection: sa.Connection, batch_id: str) -> set[int]:
    query = sa.select(claim.c.ord).where(
        claim.c.batch_id == batch_id, claim.c.removed_in.is_not(None)
    )
    return set(connection.execute(query).scalars())


def _line(handoff: Handoff, row: BatchRow, one: Claimed, reason: str) -> tuple[str, ...]:
    token = ledger.token_of(row.batch_id, one.ord, pepper=handoff.rules.pepper)
    is_ascii = row.layout.get("ascii_addresses", False)
    email = ascii_address(one.payload.email) if is_ascii else one.payload.email
    line = (email, token, row.batch_id, reason)
    return line if _carries_address(row) else line[1:]


def _carries_address(row: BatchRow) -> bool:
    return bool(row.layout.get("reach", "message") == "message")


def _bytes(row: BatchRow, lines: Sequence[tuple[str, ...]]) -> bytes:
    layout = Layout.from_json(row.layout["file"])
    # One CSV whatever the file itself is: a list to drop is read by people and by importers.
    plain = replace(
        layout,
        labels=_LABELS if _carries_address(row) else _WITHOUT_ADDRESS,
        header=True,
        format="csv",
        max_rows=None,
        max_bytes=None,
    )
    return files_bytes(plain, lines)[0]


def _store(connection: sa.Connection, row: BatchRow, **values: str) -> None:
    connection.execute(batch.update().where(batch.c.batch_id == row.batch_id).values(**values))
