"""Which files a sealed batch is made of, and the manifest that tells of them without an address."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import sqlalchemy as sa

from pipelines.exports import bulk
from pipelines.exports.ahead import ahead
from pipelines.exports.errors import Tampered
from pipelines.exports.ledger import BatchRow
from pipelines.exports.render import RENDERER_VERSION, Rendered
from pipelines.state import claim

_SHARE: Final = 10_000
# Of a claim: keyed hashes, no address.
_TOLD: Final = (
    "arm", "dedupe_key", "email_hash", "occurrence", "ord", "person_key", "reason",
    "recipient_token", "st",
)  # fmt: skip


@dataclass(frozen=True)
class File:
    """One file of a batch, as the ledger and the manifest keep it."""

    file: str
    rows: int
    nbytes: int
    sha256: str


def stem_of(row: BatchRow) -> str:
    """Name of a batch's files at its present revision, without suffix."""
    return f"{row.batch_id}-r{row.rev}"


def files_of(row: BatchRow) -> list[File]:
    """Every file of a sealed batch in the order it leaves, a trigger last."""
    if "files" in row.layout:
        return [File(**file) for file in row.layout["files"]]
    if row.fname is None or row.sha256 is None:
        raise RuntimeError(f"batch {row.batch_id} is {row.state} without a file name")
    # Sealed by a version that knew one file a batch.
    return [File(file=row.fname, rows=row.nrows or 0, nbytes=row.nbytes or 0, sha256=row.sha256)]


def names_in(manifest: Mapping[str, Any] | None) -> frozenset[str]:
    """Names of the files a manifest tells of; none where there is no manifest."""
    if manifest is None:
        return frozenset()
    return frozenset(f["file"] for f in manifest.get("files", [manifest]))


def refuse_other(row: BatchRow, manifest: Mapping[str, Any] | None) -> None:
    """Nothing, where ledger and manifest tell of the same bytes. Raises: Tampered."""
    if manifest is None:
        raise Tampered(f"the manifest of {stem_of(row)} is gone before it was handed over")
    listed = [asdict(file) for file in files_of(row)]
    if manifest["sha256"] != row.sha256 or manifest["files"] != listed:
        raise Tampered(f"ledger and manifest of {stem_of(row)} tell of other bytes")


def manifest_of(
    connection: sa.Connection, row: BatchRow, rendered: Rendered, *, files: Sequence[File]
) -> dict[str, object]:
    """What a sealed file holds, in keyed hashes: enough to rebuild its guards, no address."""
    count = sa.select(claim.c.st, sa.func.count()).where(claim.c.batch_id == row.batch_id)
    states = dict(bulk.frame(connection, count.group_by(claim.c.st)).iter_rows())
    listed = [asdict(file) for file in files]
    expires = None if row.expires_at is None else row.expires_at.isoformat()
    return {
        "batch_id": row.batch_id, "rev": row.rev, "shop_id": row.shop_id, "program": row.program,
        "campaign_key": row.campaign_key, "campaign_version": row.campaign_version,
        "step_number": row.step_number, "channel": row.channel, "segment": row.segment,
        "destination": row.destination, "slot": row.slot, "part": row.part,
        "snapshot_id": row.snapshot_id, "input_digest": row.input_digest, "profile": row.profile,
        "renderer_version": RENDERER_VERSION, "layout": {**row.layout, "files": listed},
        "file": files[0].file, "files": listed, "rows": states.get("claimed", 0),
        "bytes": rendered.nbytes, "sha256": rendered.sha256,
        "created_at": row.created_at.isoformat(), "expires_at": expires,
        "counts": dict(sorted(states.items())), "claims": ahead(_told(connection, row.batch_id)),
    }  # fmt: skip


def _told(connection: sa.Connection, batch_id: str) -> Iterator[bytes]:
    """The claims as lines, in shares: of a million of them no list is made."""
    query = sa.select(*(claim.c[name] for name in _TOLD)).where(claim.c.batch_id == batch_id)
    query, last = query.order_by(claim.c.ord).limit(_SHARE), -1
    while (found := bulk.frame(connection, query.where(claim.c.ord > last))).height:
        last = int(found["ord"][-1])
        yield found.write_ndjson().strip().replace("\n", ",\n").encode()
