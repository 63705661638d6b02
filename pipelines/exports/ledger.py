"""What the ledger says about keys and batches, and the single statements that change it.

Everything here runs on a connection its caller opened: the transaction is the caller's, because
what must be true together must be committed together.
"""

import hashlib
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
from pipelines.state import arm_record, batch, claim, erased, guard, recipient, suppression
from pipelines.state import transition as transitions

CLAIMED, SEALED, HANDING_OFF = "CLAIMED", "SEALED", "HANDING_OFF"
DELIVERED, ACKED = "DELIVERED", "ACKED"
HOLD, VOID, EXPIRED = "HOLD", "VOID", "EXPIRED"
# Nothing of it has left: what may have begins with the intent.
INSIDE: Final = (CLAIMED, SEALED)
UNFINISHED: Final = (*INSIDE, HANDING_OFF)
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


def guards(
    connection: sa.Connection, keys: pl.Series, *, program: Program, since: date
) -> pl.DataFrame:
    """Guards of these keys: those of the program, and every message of its channel after a day.

    Shape: `key`, `program`, `occurrence_key`, `batch_id`, `ord`, `claimed_at`, `message_on`.
    """
    g = guard.c
    query = sa.select(
        g.key, g.program, g.occurrence.label("occurrence_key"), g.batch_id, g.ord, g.claimed_at,
        g.message_on,
    )  # fmt: skip
    recent = (g.message_on > since) & g.program.endswith(f"/{program.channel}", autoescape=True)
    return bulk.by_keys(connection, query.where((g.program == program.key) | recent), g.key, keys)


def arms(connection: sa.Connection, program: Program, keys: pl.Series) -> pl.DataFrame:
    """(`key`, `occurrence_key`, `recorded_at`, `arm`): records of these persons in a campaign."""
    r = arm_record.c
    query = sa.select(
        r.person_key.label("key"), r.occurrence.label("occurrence_key"), r.recorded_at, r.arm
    ).where(r.campaign == program.campaign_key, r.version == program.campaign_version)
    return bulk.by_keys(connection, query, r.person_key, keys)


def note_tokens(connection: sa.Connection, batch_id: str) -> None:
    """Let a batch's claims be found by their tokens."""
    c = claim.c
    mine = sa.select(c.recipient_token, c.batch_id, c.ord).where(
        c.batch_id == batch_id, c.recipient_token.is_not(None)
    )
    # In their order, as they lie: the database sorts them, and no row of them is made here.
    names = recipient.columns.keys()
    connection.execute(recipient.insert().from_select(names, mine.order_by(c.recipient_token)))


def forget_tokens(connection: sa.Connection, batch_id: str) -> None:
    """Let a batch's claims no longer be found by their tokens."""
    mine = sa.select(claim.c.recipient_token).where(claim.c.batch_id == batch_id)
    connection.execute(recipient.delete().where(recipient.c.recipient_token.in_(mine)))


def with_tokens(connection: sa.Connection, tokens: pl.Series) -> Sequence[str]:
    """Ids of the batches whose claims bear one of these tokens, sorted."""
    r = recipient.c
    found = bulk.by_keys(connection, sa.select(r.batch_id), r.recipient_token, tokens)
    return found["batch_id"].unique().sort().to_list()


def keys_by_token(connection: sa.Connection, tokens: pl.Series) -> Mapping[str, tuple[str, ...]]:
    """Token → the keys its claim was made under by name: the person's, and the address's if any."""
    r, c = recipient.c, claim.c
    query = sa.select(r.recipient_token, c.person_key, c.email_hash).join_from(
        recipient, claim, (c.batch_id == r.batch_id) & (c.ord == r.ord)
    )
    found = bulk.by_keys(connection, query, r.recipient_token, tokens)
    return {token: tuple(k for k in mine if k is not None) for token, *mine in found.iter_rows()}


def release(
    connection: sa.Connection, batch_id: str, *, reason: str, ords: Sequence[int] | None = None
) -> None:
    """Give up claims, so that another batch may take these people: their guards go."""
    stay = claim.c.st.in_(("claimed", "held_out"))
    given_up = {"st": "released", "reason": reason, "payload_enc": None}
    for some in _parts(ords):
        connection.execute(guard.delete().where(*_guards_of(batch_id, some)))
        connection.execute(claim.update().where(*_claims_of(batch_id, some), stay).values(given_up))


def suppress(connection: sa.Connection, batch_id: str, *, reason: str, ords: Sequence[int]) -> None:
    """Take people out of a batch for good: they stay guarded, and no message is counted."""
    taken_out = {"st": "suppressed", "reason": reason, "payload_enc": None}
    for some in _parts(ords):
        mine = _guards_of(batch_id, some)
        connection.execute(guard.update().where(*mine).values(message_on=None))
        connection.execute(claim.update().where(*_claims_of(batch_id, some)).values(taken_out))


def _parts(ords: Sequence[int] | None) -> Sequence[Sequence[int] | None]:
    if ords is None:
        return (None,)
    return [ords[start : start + _CHUNK] for start in range(0, len(ords), _CHUNK)]


def _claims_of(batch_id: str, ords: Sequence[int] | None) -> tuple[sa.ColumnElement[bool], ...]:
    mine = claim.c.batch_id == batch_id
    return (mine,) if ords is None else (mine, claim.c.ord.in_(ords))


def _guards_of(batch_id: str, ords: Sequence[int] | None) -> tuple[sa.ColumnElement[bool], ...]:
    # Found by their own key, from the claims: guards lie in no order of batches.
    own = (
        sa.select(key, batch.c.program, claim.c.occurrence)
        .join_from(claim, batch)
        .where(*_claims_of(batch_id, ords), key.is_not(None))
        for key in (claim.c.person_key, claim.c.email_hash)
    )
    place = sa.tuple_(guard.c.key, guard.c.program, guard.c.occurrence)
    # Whom this batch gave up before may be another one's by now.
    return guard.c.batch_id == batch_id, place.in_(sa.union_all(*own))
