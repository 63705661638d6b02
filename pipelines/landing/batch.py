"""What one batch is: where it came from, what each of its tables gave, what became of them."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import polars as pl

from pipelines.canonical import COUNT, TEXT, Table
from pipelines.landing.errors import ConservationBroken
from pipelines.landing.facts import Origin
from pipelines.landing.store import PENDING, Move
from pipelines.settings import Home

State = Literal["ok", "partial", "failed"]

# Rows refused before the contract, as a mapping reports them.
REFUSED: Final = pl.Schema(
    {
        "row_no": COUNT,
        "reason_code": TEXT,
        "column_name": TEXT,
        "value_masked": TEXT,
        "raw_masked": TEXT,
    }
)
_HEX: Final = 16


@dataclass(frozen=True)
class Batch:
    """One batch: a raw file under one mapping, or one writing of the program itself."""

    batch_id: str
    shop_id: str
    source: str
    loaded_at: datetime
    file_name: str | None = None
    file_sha256: str | None = None
    file_bytes: int | None = None
    encoding: str | None = None

    @property
    def origin(self) -> Origin:
        """What the tail of its rows says."""
        return Origin(self.source, self.batch_id)


@dataclass(frozen=True)
class Prepared:
    """Rows of one table as they will lie: `table.schema`, still with what is no news."""

    table: Table
    rows: pl.DataFrame
    rows_read: int
    rows_duplicate: int
    refused: pl.DataFrame

    def __post_init__(self) -> None:
        found = self.rows.height + self.refused.height + self.rows_duplicate
        require_conserved(self.table.name, self.rows_read, found)


@dataclass(frozen=True)
class PreparedFile:
    """One raw file's share of every table it feeds; nothing of it is on the disk yet."""

    batch: Batch
    tables: tuple[Prepared, ...]


@dataclass(frozen=True)
class Pending:
    """One table of a batch, waiting for its verdict. No files: nothing in it is news."""

    home: Home
    batch: Batch
    table: str
    files: tuple[Path, ...]
    rows_read: int
    rows_duplicate: int
    refused: pl.DataFrame
    window: tuple[datetime | None, datetime | None]

    @property
    def folder(self) -> Path:
        """Where the batch waits."""
        return self.home.landing / PENDING / self.batch.batch_id


@dataclass(frozen=True)
class Entry:
    """The books of one table of one batch. Invariant: read = landed + rejected + duplicate."""

    table: str
    rows_read: int
    rows_landed: int
    rows_rejected: int
    rows_duplicate: int
    state: State
    window: tuple[datetime | None, datetime | None] = (None, None)
    # Reason codes and how many rows each refused, most first.
    reasons: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        found = self.rows_landed + self.rows_rejected + self.rows_duplicate
        require_conserved(self.table, self.rows_read, found)


@dataclass(frozen=True)
class Decision:
    """What becomes of one pending table; nothing has moved yet."""

    entry: Entry
    moves: tuple[Move, ...]
    refused: pl.DataFrame


@dataclass(frozen=True)
class Landed:
    """What became of one batch. `is_new` is False when it had been landed before."""

    batch_id: str
    is_new: bool
    entries: tuple[Entry, ...] = ()


def require_conserved(table: str, rows_read: int, found: int) -> None:
    """Nothing, or ConservationBroken: a row neither landed, refused nor declared is lost."""
    if rows_read != found:
        raise ConservationBroken(
            f"{table}: {rows_read} rows read, but {found} landed, refused or declared duplicates. "
            "Nothing was landed; this is a fault of the mapping's shape or of landing, report it"
        )


def digest(*parts: str) -> str:
    """Id of a batch: 16 hex digits of what makes it itself."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:_HEX]


def batch_id_of(source_key: str, sha256: str, mapping_version: str) -> str:
    """Id of the batch that one file gives under one mapping."""
    return digest(source_key, sha256, mapping_version)
