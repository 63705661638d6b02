"""What the ledger says about keys and batches, and the single statements that change it.

Everything here runs on a connection its caller opened: the transaction is the caller's, because
what must be true together must be committed together.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from pipelines.exports.bulk import by_keys
from pipelines.exports.errors import UnknownBatch
from pipelines.exports.gates import GATE_OF_SUPPRESSION, Arms, LedgerView
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


def view(
    connection: sa.Connection,
    program: Program,
    all_keys: Iterable[str],
    *,
    scope: Scope,
    now: datetime,
    today: date,
    longest_cap_days: int,
) -> LedgerView:
    """Everything the gates may ask of the ledger about these keys, as of this transaction."""
    keys = sorted(set(all_keys))
    guarded: set[tuple[str, str]] = set()
    last_at: dict[str, datetime] = {}
    query = sa.select(guard.c.occurrence, guard.c.key, guard.c.claimed_at)
    for row in by_keys(connection, query.where(guard.c.program == program.key), guard.c.key, keys):
        guarded.add((row.occurrence, row.key))
        last_at[row.key] = max(row.claimed_at, last_at.get(row.key, row.claimed_at))
    return LedgerView(
        erased=frozenset(
            row.key for row in by_keys(connection, sa.select(erased.c.key), erased.c.key, keys)
        ),
        stopped=stopped(connection, keys, scope=scope, now=now),
        guarded=frozenset(guarded),
        last_at=last_at,
        messages=_messages(
            connection, keys, channel=program.channel,
            since=today - timedelta(days=longest_cap_days),
        ),
        arms=arms(connection, program, keys),
    )  # fmt: skip


def stopped(
    connection: sa.Connection, keys: Sequence[str], *, scope: Scope, now: datetime
) -> Mapping[str, Mapping[str, datetime]]:
    """Key → gate reason → newest start of the suppressions in force.

    An unknown scope counts: rather no mail.
    """
    found: dict[str, dict[str, datetime]] = {}
    query = sa.select(suppression).where(
        suppression.c.channel.in_((scope.channel, "all")), suppression.c.started_at <= now
    )
    for row in by_keys(connection, query, suppression.c.key, keys):
        is_over = row.ended_at is not None and row.ended_at <= now
        if not is_over and row.scope not in scope.others:
            reason = GATE_OF_SUPPRESSION.get(row.reason, "manual_block")
            mine = found.setdefault(row.key, {})
            mine[reason] = max(row.started_at, mine.get(reason, row.started_at))
    return found


def erased_among(connection: sa.Connection, keys: Sequence[str]) -> frozenset[str]:
    """Those of the keys whose person asked to be forgotten."""
    return frozenset(
        row.key for row in by_keys(connection, sa.select(erased.c.key), erased.c.key, keys)
    )


def arms(connection: sa.Connection, program: Program, keys: Sequence[str]) -> Arms:
    """What is on record of these persons in this campaign version."""
    query = sa.select(arm_record).where(
        arm_record.c.campaign == program.campaign_key,
        arm_record.c.version == program.campaign_version,
    )
    first: dict[str, tuple[datetime, str]] = {}
    own: dict[tuple[str, str], tuple[datetime, str]] = {}
    for row in by_keys(connection, query, arm_record.c.person_key, keys):
        mine = (row.recorded_at, row.arm)
        first[row.person_key] = min(mine, first.get(row.person_key, mine))
        own[row.occurrence, row.person_key] = mine
    return Arms(first, own)


def _messages(
    connection: sa.Connection, keys: Sequence[str], *, channel: str, since: date
) -> Mapping[str, Mapping[tuple[str, int], date]]:
    query = sa.select(frequency).where(frequency.c.channel == channel, frequency.c.day > since)
    found: dict[str, dict[tuple[str, int], date]] = {}
    for row in by_keys(connection, query, frequency.c.key, keys):
        found.setdefault(row.key, {})[(row.batch_id, row.ord)] = row.day
    return found


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
