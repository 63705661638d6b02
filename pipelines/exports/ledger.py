"""What the ledger says about keys and batches, and the single statements that change it.

Everything here runs on a connection its caller opened: the transaction is the caller's, because
what must be true together must be committed together.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final

import polars as pl
import sqlalchemy as sa

from pipelines.exports import bulk
from pipelines.exports.errors import UnknownBatch
from pipelines.exports.gates import GATE_OF_SUPPRESSION
from pipelines.exports.rules import Program
from pipelines.state import arm_record, batch, claim, erased, frequency, guard, suppression
from pipelines.state import transition as transitions

CLAIMED, SEALED, HANDING_OFF = "CLAIMED", "SEALED", "HANDING_OFF"
DELIVERED, ACKED = "DELIVERED", "ACKED"
HOLD, VOID, EXPIRED = "HOLD", "VOID", "EXPIRED"
UNFINISHED: Final = (CLAIMED, SEALED, HANDING_OFF)
HANDED: Final = (DELIVERED, ACKED)
# Below SQLite's and PostgreSQL's limits of bound values in one statement.
_CHUNK: Final = 900


@dataclass(frozen=True)
class BatchRow:
    """One batch as it stands in the ledger."""

    batch_id: str
    shop_id: str
    program: str
    campaign_key: str
    campaign_version: int
    step_number: int
    channel: str
    segment: str
    destination: str
    slot: str
    part: int
    snapshot_id: str
    input_digest: str
    rev: int
    state: str
    sha256: str | None
    nbytes: int | None
    nrows: int | None
    fname: str | None
    boot_id: str | None
    profile: str
    renderer_version: str
    reason: str | None
    layout: Mapping[str, Any]
    removed_sha256: str | None
    suppress_sha256: str | None
    created_at: datetime
    intent_at: datetime | None
    expires_at: datetime | None

    @property
    def of(self) -> Program:
        """The program the batch was made for."""
        return Program(self.campaign_key, self.campaign_version, self.step_number, self.channel)


@dataclass(frozen=True)
class Scope:
    """Which suppressions count for a hand-off: its channel, and scopes that mean something else."""

    channel: str
    others: frozenset[str]


def batch_id_of(shop_id: str, program: Program, *, destination: str, slot: str, part: int) -> str:
    """Id of a batch: never of a run, so that a retry is the same batch."""
    text = "|".join(
        (shop_id, program.key, str(program.campaign_version), destination, slot, str(part))
    )
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return f"{program.campaign_key[:36]}-{program.step_number}-{digest}"


def token_of(batch_id: str, ord_: int, *, pepper: bytes) -> str:
    """Recipient token: equal for an equal place, so that a re-render is equal."""
    return hmac.digest(pepper, f"token:{batch_id}:{ord_}".encode(), "sha256").hex()[:32]


def batches(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> list[BatchRow]:
    """Batches that match, oldest first."""
    query = sa.select(batch).where(*where).order_by(batch.c.created_at, batch.c.batch_id)
    return [
        BatchRow(**{f.name: row[f.name] for f in fields(BatchRow)})
        for row in connection.execute(query).mappings()
    ]


def one(connection: sa.Connection, batch_id: str) -> BatchRow:
    """One batch. Raises: UnknownBatch if there is none."""
    found = batches(connection, batch.c.batch_id == batch_id)
    if not found:
        raise UnknownBatch(f"the ledger has no batch {batch_id[:80]!r}; `okaeri exports list`")
    return found[0]


def move(
    connection: sa.Connection,
    row: BatchRow,
    *,
    to: str,
    actor: str,
    at: datetime,
    run_id: str | None = None,
    **values: object,
) -> None:
    """Change a batch's state together with its line of history.

    Raises: RuntimeError if the batch is not where its reader believed it to be.
    """
    done = connection.execute(
        batch.update()
        .where(batch.c.batch_id == row.batch_id, batch.c.state == row.state, batch.c.rev == row.rev)
        .values(state=to, **values)
    )
    if done.rowcount != 1:
        raise RuntimeError(f"batch {row.batch_id} is no longer {row.state}: nothing was changed")
    connection.execute(
        transitions.insert().values(
            batch_id=row.batch_id,
            from_state=row.state,
            to_state=to,
            rev=values.get("rev", row.rev),
            actor=actor,
            run_id=run_id,
            changed_at=at,
        )
    )


def stops(connection: sa.Connection, *, scope: Scope, now: datetime) -> pl.DataFrame:
    """(`key`, `reason` of a gate, newest `since`): all suppressions in force, and who is erased.

    An unknown scope counts: rather no mail. The whole list is read: it is shorter than asking for
    each of a batch's keys, and equal lists at two looks mean that nobody was stopped in between.
    """
    s = suppression.c
    query = sa.select(s.key, s.reason, s.scope, s.started_at.label("since")).where(
        s.channel.in_((scope.channel, "all")), s.started_at <= now,
        sa.or_(s.ended_at.is_(None), s.ended_at > now),
    )  # fmt: skip
    found = bulk.frame(connection, query).filter(~pl.col("scope").is_in(list(scope.others)))
    known = pl.col("reason").replace_strict(GATE_OF_SUPPRESSION, default="manual_block")
    gone = bulk.frame(connection, sa.select(erased.c.key, erased.c.erased_at.label("since")))
    return (
        pl.concat([
            found.select("key", known.alias("reason"), "since"),
            gone.select("key", pl.lit("erased").alias("reason"), "since"),
        ])
        .group_by("key", "reason")
        .agg(pl.col("since").max())
        .sort("key", "reason")
    )  # fmt: skip


def guards(connection: sa.Connection, program: Program, keys: pl.Series) -> pl.DataFrame:
    """(`key`, `occurrence_key`, `claimed_at`): what these keys were claimed for in a program."""
    g = guard.c
    query = sa.select(g.key, g.occurrence.label("occurrence_key"), g.claimed_at)
    return bulk.by_keys(connection, query.where(g.program == program.key), g.key, keys)


def messages(
    connection: sa.Connection, keys: pl.Series, *, channel: str, since: date
) -> pl.DataFrame:
    """(`key`, `batch_id`, `ord`, `day`): messages to these keys on a channel after a day."""
    f = frequency.c
    query = sa.select(f.key, f.batch_id, f.ord, f.day).where(f.channel == channel, f.day > since)
    return bulk.by_keys(connection, query, f.key, keys)


def arms(connection: sa.Connection, program: Program, keys: pl.Series) -> pl.DataFrame:
    """(`key`, `occurrence_key`, `recorded_at`, `arm`): records of these persons in a campaign."""
    r = arm_record.c
    query = sa.select(
        r.person_key.label("key"), r.occurrence.label("occurrence_key"), r.recorded_at, r.arm
    ).where(r.campaign == program.campaign_key, r.version == program.campaign_version)
    return bulk.by_keys(connection, query, r.person_key, keys)


def release(
    connection: sa.Connection, batch_id: str, *, reason: str, ords: Sequence[int] | None = None
) -> None:
    """Give up claims, so that another batch may take these people: guards and cap rows go."""
    for table in (guard, frequency):
        where = [table.c.batch_id == batch_id]
        if ords is None:
            connection.execute(table.delete().where(*where))
        else:
            for start in range(0, len(ords), _CHUNK):
                part = table.c.ord.in_(ords[start : start + _CHUNK])
                connection.execute(table.delete().where(*where, part))
    stay = claim.c.st.in_(("claimed", "held_out"))
    update = claim.update().where(claim.c.batch_id == batch_id, stay)
    if ords is None:
        connection.execute(update.values(st="released", reason=reason, payload_enc=None))
        return
    for start in range(0, len(ords), _CHUNK):
        part = claim.c.ord.in_(ords[start : start + _CHUNK])
        connection.execute(
            update.where(part).values(st="released", reason=reason, payload_enc=None)
        )
