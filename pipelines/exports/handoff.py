"""Seal → intent → rename → delivered, from wherever a batch stands. Recovery is the same walk.

Each step leaves a state from which the next can tell what happened. What cannot be told is put on
HOLD for a person: at most once, never twice.
"""

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from pipelines import state
from pipelines.exports import ledger
from pipelines.exports.destinations import LocalFolder
from pipelines.exports.errors import WrongMachine
from pipelines.exports.exits import claimed_of, drop, late_exits
from pipelines.exports.facts import Facts
from pipelines.exports.ledger import BatchRow
from pipelines.exports.machine import Machine
from pipelines.exports.payload import Vault
from pipelines.exports.render import RENDERER_VERSION, Layout, file_bytes
from pipelines.exports.rules import Rules
from pipelines.state import batch, claim, meta

Checkpoint = Callable[[str], None]
# Every place a process may die at, in order: the harness of the tests stops at each.
CHECKPOINTS: Final = (
    "claim:before_commit", "claim:done", "seal:staged", "seal:manifest", "seal:before_commit",
    "seal:done", "intent:before_commit", "intent:done", "rename:done", "rename:synced",
    "delivered:before_commit", "delivered:done",
)  # fmt: skip


@dataclass(frozen=True)
class Handoff:
    """Everything the walk needs. Units: `now` UTC. `facts` None = ledger gates alone."""

    engine: sa.Engine
    destination: str
    outbox: LocalFolder
    rules: Rules
    vault: Vault
    facts: Facts | None
    now: datetime
    actor: str
    machine: Machine
    checkpoint: Checkpoint
    run_id: str | None = None

    def advance(self, batch_id: str) -> BatchRow:
        """Bring one batch as far as it goes: delivered, expired, void, or held for a person."""
        steps = {
            ledger.CLAIMED: self._seal,
            ledger.SEALED: self._intend,
            ledger.HANDING_OFF: self._rename,
        }
        while True:
            row = self._read(batch_id)
            if row.state not in steps:
                return row
            steps[row.state](row)

    def recover(self) -> list[BatchRow]:
        """Finish or hold every batch of this destination a dead process left behind."""
        with state.reading(self.engine) as connection:
            left = ledger.batches(
                connection,
                batch.c.destination == self.destination,
                batch.c.state.in_(ledger.UNFINISHED),
            )
        return [self.advance(row.batch_id) for row in left]

    def _read(self, batch_id: str) -> BatchRow:
        with state.reading(self.engine) as connection:
            return ledger.one(connection, batch_id)

    def _seal(self, row: BatchRow) -> None:
        name = stem_of(row)
        fname = f"{name}.csv"
        # The staged file is written before its manifest: a manifest without it was handed over by
        # somebody this ledger, restored from a backup, knows nothing of.
        if self.outbox.has_manifest(name) and self.outbox.staged_sha256(fname) is None:
            self._hold(row, "a manifest exists, the staged file is gone: an older ledger?")
            return
        if self._expire(row):
            return
        with state.writing(self.engine) as connection:
            claimed = claimed_of(connection, row.batch_id, vault=self.vault)
            exits = late_exits(
                connection, row, claimed, rules=self.rules, facts=self.facts, now=self.now
            )
            drop(connection, row.batch_id, exits)
            cells = [one.payload.cells for one in claimed if one.ord not in exits]
            data = file_bytes(Layout.from_json(row.layout["file"]), cells)
            sha256 = hashlib.sha256(data).hexdigest()
            self.outbox.stage(fname, data)
            self.checkpoint("seal:staged")
            manifest = manifest_of(connection, row, sha256=sha256, nbytes=len(data))
            self.outbox.write_manifest(name, manifest)
            self.checkpoint("seal:manifest")
            self._move(
                connection, row, ledger.SEALED, sha256=sha256, nbytes=len(data),
                nrows=len(cells), fname=fname, renderer_version=RENDERER_VERSION,
            )  # fmt: skip
            self.checkpoint("seal:before_commit")
        self.checkpoint("seal:done")

    def _intend(self, row: BatchRow) -> None:
        fname = fname_of(row)
        found = self.outbox.staged_sha256(fname)
        if found != row.sha256:
            gone = "is gone" if found is None else "was changed"
            self._hold(row, f"the staged file {gone} before it was handed over")
            return
        if self._expire(row):
            return
        with state.writing(self.engine) as connection:
            self._refuse_paused(connection)
            claimed = claimed_of(connection, row.batch_id, vault=self.vault)
            exits = late_exits(
                connection, row, claimed, rules=self.rules, facts=self.facts, now=self.now
            )
            if exits:
                drop(connection, row.batch_id, exits)
                self._move(
                    connection, row, ledger.CLAIMED, rev=row.rev + 1, sha256=None, nbytes=None,
                    nrows=None, fname=None,
                )  # fmt: skip
            else:
                boot_id = self.machine.boot_id
                self._move(connection, row, ledger.HANDING_OFF, boot_id=boot_id, intent_at=self.now)
            self.checkpoint("intent:before_commit")
        if exits:
            self.outbox.discard(fname)
            return
        self.checkpoint("intent:done")

    def _rename(self, row: BatchRow) -> None:
        fname = fname_of(row)
        found = self.outbox.staged_sha256(fname)
        if found is not None:
            if row.boot_id != self.machine.boot_id:
                # The rename may have been seen by the mailer and lost by the disk.
                self._hold(row, "the machine was restarted while the file was being handed over")
                return
            if found != row.sha256 or self.outbox.is_out(fname):
                self._hold(row, "the staged file was changed, or lies in the outbox as well")
                return
            self.outbox.hand_over(fname)
            self.checkpoint("rename:done")
            self.outbox.sync()
            self.checkpoint("rename:synced")
        with state.writing(self.engine) as connection:
            self._move(connection, row, ledger.DELIVERED)
            connection.execute(meta.update().values(epoch=meta.c.epoch + 1))
            self.checkpoint("delivered:before_commit")
        self.checkpoint("delivered:done")

    def _expire(self, row: BatchRow) -> bool:
        if row.expires_at is None or row.expires_at > self.now:
            return False
        with state.writing(self.engine) as connection:
            ledger.release(connection, row.batch_id, reason="stale")
            self._move(connection, row, ledger.EXPIRED, reason="stale", fname=None)
        self.outbox.discard(f"{stem_of(row)}.csv")
        return True

    def _hold(self, row: BatchRow, reason: str) -> None:
        with state.writing(self.engine) as connection:
            self._move(connection, row, ledger.HOLD, reason=reason)

    def _refuse_paused(self, connection: sa.Connection) -> None:
        found = connection.execute(sa.select(meta.c.machine_id, meta.c.paused_reason)).one()
        if found.paused_reason or found.machine_id != self.machine.machine_id:
            raise WrongMachine(found.paused_reason or "the ledger belongs to another machine")

    def _move(self, connection: sa.Connection, row: BatchRow, to: str, **values: object) -> None:
        ledger.move(
            connection, row, to=to, actor=self.actor, at=self.now, run_id=self.run_id, **values
        )


def stem_of(row: BatchRow) -> str:
    """Name of a batch's files at its present revision, without suffix."""
    return f"{row.batch_id}-r{row.rev}"


def fname_of(row: BatchRow) -> str:
    """Name of the sealed file. Raises: RuntimeError if the ledger holds none."""
    if row.fname is None:
        raise RuntimeError(f"batch {row.batch_id} is {row.state} without a file name")
    return row.fname


def manifest_of(
    connection: sa.Connection, row: BatchRow, *, sha256: str, nbytes: int
) -> dict[str, object]:
    """What a sealed file holds, in keyed hashes: enough to rebuild its guards, no address."""
    query = sa.select(claim).where(claim.c.batch_id == row.batch_id).order_by(claim.c.ord)
    claims = [
        {
            "ord": c.ord, "occurrence": c.occurrence, "dedupe_key": c.dedupe_key,
            "person_key": c.person_key, "email_hash": c.email_hash, "arm": c.arm, "st": c.st,
            "reason": c.reason, "recipient_token": c.recipient_token,
        }
        for c in connection.execute(query)
    ]  # fmt: skip
    states = Counter(str(c["st"]) for c in claims)
    expires = None if row.expires_at is None else row.expires_at.isoformat()
    return {
        "batch_id": row.batch_id, "rev": row.rev, "shop_id": row.shop_id, "program": row.program,
        "campaign_key": row.campaign_key, "campaign_version": row.campaign_version,
        "step_number": row.step_number, "channel": row.channel, "segment": row.segment,
        "destination": row.destination, "slot": row.slot, "part": row.part,
        "snapshot_id": row.snapshot_id, "input_digest": row.input_digest, "profile": row.profile,
        "renderer_version": RENDERER_VERSION, "layout": dict(row.layout),
        "file": f"{stem_of(row)}.csv", "rows": states["claimed"], "bytes": nbytes,
        "sha256": sha256, "created_at": row.created_at.isoformat(), "expires_at": expires,
        "counts": dict(sorted(states.items())), "claims": claims,
    }  # fmt: skip
