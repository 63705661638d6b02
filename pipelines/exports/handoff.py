"""Seal → intent → rename → delivered, from wherever a batch stands. Recovery is the same walk.

Each step leaves a state from which the next can tell what happened. What cannot be told is put on
HOLD for a person: at most once, never twice.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

import polars as pl
import sqlalchemy as sa

from pipelines import state
from pipelines.exports import binding, ledger
from pipelines.exports.ahead import ahead
from pipelines.exports.destinations import LocalFolder
from pipelines.exports.errors import InDoubt, Tampered, WrongMachine
from pipelines.exports.exits import (
    Late,
    Looked,
    cells_of,
    claimed_of,
    drop,
    exits_of,
    late_exits,
)
from pipelines.exports.facts import Facts
from pipelines.exports.ledger import BatchRow
from pipelines.exports.machine import Machine, uptime
from pipelines.exports.manifests import (
    File,
    files_of,
    manifest_of,
    names_in,
    refuse_other,
    stem_of,
)
from pipelines.exports.payload import Vault
from pipelines.exports.render import RENDERER_VERSION, Layout, Rendered, render
from pipelines.exports.rules import Rules
from pipelines.state import batch, meta


@dataclass(frozen=True)
class Handoff:
    """Everything the walk needs.

    Units: `now` UTC, the instant the run stands for; `since` the machine's uptime at it, seconds.
    """

    engine: sa.Engine
    destination: str
    outbox: LocalFolder
    rules: Rules
    vault: Vault
    facts: Facts
    now: datetime
    actor: str
    machine: Machine
    run_id: str | None = None
    since: float = field(default_factory=uptime)
    looked: Looked = field(default_factory=Looked)

    @property
    def present(self) -> datetime:
        """`now`, and what has gone by since: a run may have waited long for a lock or a disk."""
        return self.now + timedelta(seconds=uptime() - self.since)

    @property
    def quiet_until(self) -> datetime | None:
        """When the night or holiday of the present is over; None where there is none."""
        return self.rules.quiet_until(self.present)

    def late(self, row: BatchRow) -> Late:
        """What a batch's people are looked at with once more."""
        return Late(row, self.rules, self.facts, self.present)

    def advance(self, batch_id: str) -> BatchRow:
        """Bring one batch as far as it goes: delivered, expired, void, or held for a person.

        At night and on a holiday that is sealed: it waits, as a request does that comes then.
        """
        steps = {
            ledger.CLAIMED: self._seal,
            ledger.SEALED: self._intend,
            ledger.HANDING_OFF: self._rename,
        }
        row, before = self._read(batch_id), ""
        while row.state in steps and row.state != before:
            try:
                steps[row.state](row)
            except Tampered as found:
                self._hold(row, f"{found}{self._advice(row)}")
            row, before = self._read(batch_id), row.state
        return row

    def recover(self) -> list[BatchRow]:
        """Finish or hold every batch of this destination a dead process left behind."""
        left = unfinished(self.engine, self.destination)
        self._sweep(left)
        return [self.advance(row.batch_id) for row in left]

    def _sweep(self, left: Sequence[BatchRow]) -> None:
        # What a batch that was revised, given up or decided left in staging. The lock is ours.
        with state.reading(self.engine) as connection:
            held = ledger.batches(
                connection, batch.c.destination == self.destination, batch.c.state == ledger.HOLD
            )
        needed = {name for row in (*left, *held) for name in self.outbox.staged_of(stem_of(row))}
        for name in self.outbox.staged():
            if name not in needed:
                self.outbox.discard(name)

    def _read(self, batch_id: str) -> BatchRow:
        with state.reading(self.engine) as connection:
            return ledger.one(connection, batch_id)

    def _seal(self, row: BatchRow) -> None:
        stem = stem_of(row)
        # Every staged file is written before the manifest that names it: a manifest without one of
        # them was handed over by somebody this ledger, restored from a backup, knows nothing of.
        named = names_in(self.outbox.read_manifest(stem))
        if not named <= set(self.outbox.staged_of(stem)):
            self._hold(row, "a manifest exists, its staged file is gone: an older ledger?")
            return
        if self._expire(row):
            return
        with state.writing(self.engine) as connection:
            late = self.late(row)
            stops = ledger.stops(connection, scope=late.scope, now=late.now)
            is_clear = self.looked.is_clear(connection, late, stops)
            exits: dict[int, str] = {}
            with self.outbox.telling(stem):
                cells = self._cells(connection, late, None if is_clear else stops, exits=exits)
                rendered, files = self._stage(row, ahead(cells))
            drop(connection, row.batch_id, exits)
            self.looked.note(row.batch_id, rendered.rows, stops)
            manifest = manifest_of(connection, row, rendered, files=files)
            self.outbox.write_manifest(stem, manifest)
            self._discard(row, keep=[file.file for file in files])
            self._move(
                connection, row, ledger.SEALED, sha256=rendered.sha256, nbytes=rendered.nbytes,
                nrows=rendered.rows, fname=files[0].file, renderer_version=RENDERER_VERSION,
                layout={**row.layout, "files": [asdict(file) for file in files]},
            )  # fmt: skip

    def _intend(self, row: BatchRow) -> None:
        refuse_other(row, self.outbox.read_manifest(stem_of(row)))
        for file in files_of(row):
            found = self.outbox.staged_sha256(file.file)
            if found != file.sha256:
                gone = "is gone" if found is None else "was changed"
                self._hold(row, f"the staged file {gone} before it was handed over")
                return
        if self._expire(row):
            return
        self.outbox.make_ready([file.file for file in files_of(row)])
        if self.quiet_until is not None:
            return
        with state.writing(self.engine) as connection:
            self._refuse_paused(connection)
            exits = exits_of(connection, self.late(row), vault=self.vault, looked=self.looked)
            if exits:
                drop(connection, row.batch_id, exits)
                self._move(
                    connection, row, ledger.CLAIMED, rev=row.rev + 1, sha256=None, nbytes=None,
                    nrows=None, fname=None,
                )  # fmt: skip
            else:
                boot_id = self.machine.boot_id
                self._move(connection, row, ledger.HANDING_OFF, boot_id=boot_id, intent_at=self.now)
        if exits:
            self._discard(row)
            return

    def _rename(self, row: BatchRow) -> None:
        # A file that is no longer staged was handed over; the others of the batch follow it.
        waiting = [f for f in files_of(row) if self.outbox.staged_sha256(f.file) is not None]
        if waiting and self.outbox.forgets_with_power and row.boot_id != self.machine.boot_id:
            # The rename may have been seen by the mailer and lost by the disk.
            self._hold(row, "the machine was restarted while the file was being handed over")
            return
        for file in waiting:
            try:
                self.outbox.hand_over(file.file, file.sha256)
            except InDoubt as doubt:
                self._hold(row, str(doubt))
                return
        if waiting:
            self.outbox.sync()
        with state.writing(self.engine) as connection:
            self._move(connection, row, ledger.DELIVERED)
            connection.execute(meta.update().values(epoch=meta.c.epoch + 1))
        binding.sign(self.engine, self.outbox)

    def _advice(self, row: BatchRow) -> str:
        if row.fname is None:
            return ""
        for file in files_of(row):
            if self.outbox.staged_sha256(file.file) != file.sha256:
                return ""
        return (
            ". Its file still lies in staging as the ledger knows it, so nobody has it: "
            f"okaeri exports hold {row.batch_id} not-delivered, then ask again"
        )

    def _expire(self, row: BatchRow) -> bool:
        if row.expires_at is None or row.expires_at > self.present:
            return False
        with state.writing(self.engine) as connection:
            ledger.release(connection, row.batch_id, reason="stale")
            self._move(connection, row, ledger.EXPIRED, reason="stale", fname=None)
        self._discard(row)
        return True

    def _cells(
        self,
        connection: sa.Connection,
        late: Late,
        stops: pl.DataFrame | None,
        *,
        exits: dict[int, str],
    ) -> Iterator[pl.Series]:
        """The cells of everybody who may leave; who may not, by these stops, goes to `exits`."""
        if stops is None:
            yield from cells_of(connection, late.row.batch_id, vault=self.vault)
            return
        for claimed in claimed_of(connection, late.row.batch_id, vault=self.vault):
            mine = late_exits(late, claimed, stops)
            exits |= mine
            staying = claimed.filter(~pl.col("ord").is_in(list(mine))) if mine else claimed
            yield staying["cells"]

    def _stage(self, row: BatchRow, cells: Iterable[pl.Series]) -> tuple[Rendered, list[File]]:
        layout, stem = Layout.from_json(row.layout["file"]), stem_of(row)
        rendered = render(layout, cells, lambda part: self.outbox.writing(layout.name(stem, part)))
        files = [
            File(file=layout.name(stem, number), **asdict(part))
            for number, part in enumerate(rendered.parts, start=1)
        ]
        trigger = self.rules.destination(row.destination).trigger
        if trigger is not None:
            # The last file to leave, by the same one rename: it is seen once, like the others.
            data = "".join(f"{f.sha256}  {f.file}\n" for f in files).encode()
            self.outbox.stage(f"{stem}{trigger}", data)
            sha256 = hashlib.sha256(data).hexdigest()
            files.append(File(file=f"{stem}{trigger}", rows=0, nbytes=len(data), sha256=sha256))
        return rendered, files

    def _discard(self, row: BatchRow, *, keep: Collection[str] = ()) -> None:
        for name in self.outbox.staged_of(stem_of(row)):
            if name not in keep:
                self.outbox.discard(name)

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


def unfinished(engine: sa.Engine, destination: str) -> list[BatchRow]:
    """Batches of a destination a dead process left behind, if its lock is held."""
    with state.reading(engine) as connection:
        return ledger.batches(
            connection,
            batch.c.destination == destination,
            batch.c.state.in_(ledger.UNFINISHED),
        )
