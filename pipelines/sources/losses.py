"""What of a file did not arrive and would be missed: for those who check before they run."""

from dataclasses import dataclass
from typing import Literal

import polars as pl

from pipelines.sources.extract import Extract
from pipelines.sources.mapping import TableBatch

Kind = Literal["no_rows", "mostly_rejected", "mostly_unmapped"]


@dataclass(frozen=True)
class Loss:
    """A table of a file that got nothing, or lost more than half of its rows to one reason.

    `no_rows`: the file has rows, the table none. `mostly_rejected`: `reason` and `column` say
    why. `mostly_unmapped`: the lookup of `column` knew less than half of the cells. `text` is one
    English sentence; it holds no cell.
    """

    kind: Kind
    table: str
    rows: int
    of_rows: int
    reason: str | None
    column: str | None
    text: str


def losses(extract: Extract) -> tuple[Loss, ...]:
    """The losses of each table, in the order of the tables."""
    return tuple(loss for batch in extract.batches for loss in _of(batch, extract))


def warnings(extract: Extract) -> tuple[str, ...]:
    """The same as sentences."""
    return tuple(loss.text for loss in losses(extract))


def _of(batch: TableBatch, extract: Extract) -> list[Loss]:
    found = [*_rejected(batch, extract), *_unmapped(batch, extract)]
    if extract.rows_raw and batch.frame.height == 0 and not found:
        found = [_nothing(batch, extract)]
    return found


def _nothing(batch: TableBatch, extract: Extract) -> Loss:
    left_out = sum(note.rows for note in batch.notes if note.reason == "not_this_table")
    why = f"; `where` left out {left_out:,}" if left_out else ""
    text = (
        f"{extract.file_name}: {batch.table}: no rows, though the file has "
        f"{extract.rows_raw:,}{why}. Look at `where`, `shape` and the header names."
    )
    return Loss("no_rows", batch.table, 0, extract.rows_raw, None, None, text)


def _rejected(batch: TableBatch, extract: Extract) -> list[Loss]:
    reasons = batch.rejects.group_by("reason_code", "column_name", maintain_order=True).len()
    most = reasons.filter(pl.col("len") * 2 > batch.rows_read)
    return [
        Loss(
            "mostly_rejected",
            batch.table,
            rows,
            batch.rows_read,
            reason,
            column,
            f"{extract.file_name}: {batch.table}: {rows:,} of {batch.rows_read:,} rows are "
            f"rejected, {reason}{f' in {column}' if column else ''}.",
        )
        for reason, column, rows in most.iter_rows()
    ]


def _unmapped(batch: TableBatch, extract: Extract) -> list[Loss]:
    return [
        Loss(
            "mostly_unmapped",
            batch.table,
            note.rows,
            batch.rows_read,
            note.reason,
            note.column,
            f"{extract.file_name}: {batch.table}: the lookup of {note.column} does not know "
            f"{note.rows:,} of {batch.rows_read:,} cells.",
        )
        for note in batch.notes
        if note.reason == "unmapped_value" and note.rows * 2 > batch.rows_read
    ]
