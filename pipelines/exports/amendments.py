"""Lists beside a handed-over file: who left the segment since, and whom the mailer should drop.

Both only ever take people out, so writing one twice harms nobody; they need no guard.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import polars as pl
import sqlalchemy as sa

from pipelines import keys, state
from pipelines.exports import ledger
from pipelines.exports.cells import ascii_address
from pipelines.exports.exits import claimed_keys, claimed_of, exits_of
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
    # The destination's lock is held: nothing changes between looking, writing and noting it down.
    with state.reading(handoff.engine) as connection:
        gone = list(_gone(handoff, connection, row, segment))
    lines = [
        _line(handoff, old, ord_, email, "left_segment")
        for old, left in gone
        for ord_, email in left.select("ord", "email").iter_rows()
    ]
    name = f"{row.batch_id}.removed.csv"
    data = _bytes(row, lines)
    if lines:
        handoff.outbox.place(name, data)
    with state.writing(handoff.engine) as connection:
        for old, left in gone:
            mine = (claim.c.batch_id == old.batch_id) & (claim.c.ord == sa.bindparam("of_ord"))
            update = claim.update().where(mine).values(removed_in=row.batch_id)
            connection.execute(update, [{"of_ord": ord_} for ord_ in left["ord"]])
        _store(connection, row, removed_sha256=hashlib.sha256(data).hexdigest())
    return name if lines else None


def _gone(
    handoff: Handoff, connection: sa.Connection, row: BatchRow, segment: Segment
) -> Iterator[tuple[BatchRow, pl.DataFrame]]:
    earlier = ledger.batches(
        connection,
        batch.c.program == row.program, batch.c.destination == row.destination,
        # Two saved segments share a program: who is in one has not left the other.
        batch.c.segment == row.segment,
        batch.c.state.in_(ledger.HANDED), batch.c.batch_id != row.batch_id,
        batch.c.created_at <= row.created_at,
    )  # fmt: skip
    if not earlier:
        return
    present = _present_keys(handoff, segment)
    for old in earlier:
        listed = _listed(connection, old.batch_id)
        for claimed in claimed_of(connection, old.batch_id, vault=handoff.vault):
            still = claimed_keys(claimed).join(present, on="key", how="semi")["ord"]
            left = claimed.filter(~pl.col("ord").is_in([*listed, *still]))
            if left.height:
                yield old, left


def write_suppress(handoff: Handoff, row: BatchRow) -> str | None:
    """Name of `<batch>.suppress.csv`, or None if nothing changed since it was last written.

    People of a batch still in its validity who bought, emptied the cart or objected since.
    """
    is_over = row.expires_at is not None and row.expires_at <= handoff.now
    if row.state not in ledger.HANDED or is_over:
        return None
    lines = []
    with state.reading(handoff.engine) as connection:
        late = handoff.late(row)
        exits = exits_of(connection, late, vault=handoff.vault, looked=handoff.looked)
        if exits:
            for claimed in claimed_of(connection, row.batch_id, vault=handoff.vault):
                mine = claimed.filter(pl.col("ord").is_in(list(exits))).select("ord", "email")
                lines += [
                    _line(handoff, row, ord_, email, exits[ord_])
                    for ord_, email in mine.iter_rows()
                ]
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


def still_sending(engine: sa.Engine, destination: str, *, now: datetime) -> list[BatchRow]:
    """Batches of the destination a mailer may still be sending from."""
    with state.reading(engine) as connection:
        return ledger.batches(
            connection,
            batch.c.destination == destination,
            batch.c.state.in_(ledger.HANDED),
            sa.or_(batch.c.expires_at.is_(None), batch.c.expires_at > now),
        )


def _present_keys(handoff: Handoff, segment: Segment) -> pl.DataFrame:
    people = segment.members.select("person_id").unique(maintain_order=True).with_row_index("row")
    bare = people.with_columns(pl.lit(None, pl.String).alias("email"))
    return handoff.facts.keys_of(handoff.facts.keyed(bare)).select("key").unique()


def _listed(connection: sa.Connection, batch_id: str) -> set[int]:
    query = sa.select(claim.c.ord).where(
        claim.c.batch_id == batch_id, claim.c.removed_in.is_not(None)
    )
    return set(connection.execute(query).scalars())


def _line(handoff: Handoff, row: BatchRow, ord_: int, email: str, reason: str) -> tuple[str, ...]:
    (token,) = keys.tokens(row.batch_id, [ord_], pepper=handoff.rules.pepper)
    if row.layout.get("ascii_addresses", False):
        email = ascii_address(email)
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
