"""What became of a request, for whoever asked: its batches, counts, and what a person does next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pipelines import state
from pipelines.exports import ledger
from pipelines.exports.destinations import LocalFolder, outbox_of
from pipelines.exports.ledger import BatchRow
from pipelines.exports.manifests import files_of
from pipelines.exports.rules import Rules
from pipelines.requests import Request
from pipelines.settings import Home


@dataclass(frozen=True)
class BatchResult:
    """One batch of a request as it stands afterwards. Its files may be picked up already.

    `files`: where each part lies, a remote place's as its address. `file`: the first, if local.
    """

    batch_id: str
    program: str
    state: str
    reason: str | None
    rows: int | None
    sha256: str | None
    file: Path | None
    manifest: Path | None
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recall:
    """A list of people to drop from a batch that left earlier. `file`: where it lies."""

    batch_id: str
    program: str
    file: str


@dataclass(frozen=True)
class Outcome:
    """What became of a request. `counts`: program → members per outcome, handed over included.

    `import_hint`: language → what a person does with the files in this destination's mailer.
    """

    request_id: str
    state: str
    reason: str | None
    batches: tuple[BatchResult, ...]
    counts: Mapping[str, Mapping[str, int]]
    not_before: datetime | None = None
    import_hint: Mapping[str, str] = field(default_factory=dict)
    # How the files are written, and where the mailer's report may be dropped.
    encoding: str | None = None
    results: str | None = None
    # Written on the way, for batches a mailer may still be sending from.
    recalls: tuple[Recall, ...] = ()


def result_of(outbox: LocalFolder, row: BatchRow) -> BatchResult:
    """A batch with the paths of its file and manifest."""
    stem = f"{row.batch_id}-r{row.rev}"
    is_sealed = outbox.has_manifest(stem)
    has_left = row.fname is not None and row.state not in ledger.INSIDE
    names = [file.file for file in files_of(row)] if has_left else []
    return BatchResult(
        batch_id=row.batch_id, program=row.program, state=row.state, reason=row.reason,
        rows=row.nrows, sha256=row.sha256,
        file=outbox.root / names[0] if names and not outbox.is_remote else None,
        manifest=outbox.manifests / f"{stem}.json" if is_sealed else None,
        files=tuple(outbox.address(name) for name in names),
    )  # fmt: skip


def as_stored(home: Home, rules: Rules, request: Request) -> Outcome:
    """A finished request's outcome as it was written down, with its files as they lie now."""
    stored = request.outcome or {}
    ids = stored.get("batches")
    counts = stored.get("counts")
    outbox = outbox_of(rules, rules.destination(request.destination), home)
    with state.reading(state.ledger_engine(home)) as connection:
        rows = [ledger.one(connection, i) for i in (ids if isinstance(ids, list) else [])]
    return Outcome(
        request_id=request.request_id, state=request.request_state, reason=request.reason,
        batches=tuple(result_of(outbox, row) for row in rows),
        counts=counts if isinstance(counts, dict) else {},
    )  # fmt: skip
