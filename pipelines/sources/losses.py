"""What of a file did not arrive and would be missed: for those who check before they run."""

from dataclasses import dataclass
from typing import Literal

import polars as pl

from pipelines.sources.extract import Extract
from pipelines.sources.mapping import TableBatch

Kind = Literal["no_rows", "mostly_rejected", "mostly_unmapped"]


@dataclass(frozen=True)
class Loss:
    """A file that filled no table, or a table that lost more than half of its rows to one reason.

    `no_rows`: the file has rows, its tables have none. `mostly_rejected`: `reason` and `column`
    say why. `mostly_unmapped`: the lookup of `column` knew less than half of the cells.
    """

    kind: Kind
    table: str
    rows: int
    of_rows: int
    reason: str | None = None
    column: str | None = None


def losses(extract: Extract) -> tuple[Loss, ...]:
    """The losses of each table, in the order of the tables."""
    found = [loss for batch in extract.batches for loss in _of(batch)]
    if extract.rows_raw and not found and all(b.frame.is_empty() for b in extract.batches):
        found = [Loss("no_rows", batch.table, 0, extract.rows_raw) for batch in extract.batches]
    return tuple(found)


def _of(batch: TableBatch) -> list[Loss]:
    reasons = batch.rejects.group_by("reason_code", "column_name", maintain_order=True).len()
    most = reasons.filter(pl.col("len") * 2 > batch.rows_read)
    rejected = [
        Loss("mostly_rejected", batch.table, rows, batch.rows_read, reason, column)
        for reason, column, rows in most.iter_rows()
    ]
    unmapped = [
        Loss("mostly_unmapped", batch.table, note.rows, batch.rows_read, note.reason, note.column)
        for note in batch.notes
        if note.reason == "unmapped_value" and note.rows * 2 > batch.rows_read
    ]
    return rejected + unmapped
