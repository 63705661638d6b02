"""The books of landing: what every batch brought, and whether it still adds up on the disk."""

from collections.abc import Iterable, Sequence
from typing import Final

import polars as pl

from pipelines.canonical import COUNT, INSTANT, TABLES, TEXT
from pipelines.landing.batch import Batch, Decision, Entry
from pipelines.landing.facts import Place
from pipelines.landing.prepare import canonical_rows, with_tail
from pipelines.landing.store import landed_files, read_table, scan, table_folder
from pipelines.settings import Home

WATERMARKS: Final = pl.Schema(
    {"source_key": TEXT, "entity": TEXT, "newest_at": INSTANT, "loaded_at": INSTANT}
)
CONSERVATION: Final = pl.Schema(
    {
        "landed_batch_id": TEXT,
        "entity": TEXT,
        "file_name": TEXT,
        "rows_read": COUNT,
        "rows_landed": COUNT,
        "rows_rejected": COUNT,
        "rows_duplicate": COUNT,
        "difference": COUNT,
    }
)


def book_rows(batch: Batch, decisions: Sequence[Decision]) -> dict[str, pl.DataFrame]:
    """Landed rows of source_batches and rejects for one batch."""
    return {
        "source_batches": _tailed(_entries(batch, [d.entry for d in decisions]), batch),
        "rejects": _tailed(_rejects(batch, decisions), batch),
    }


def _tailed(frame: pl.DataFrame, batch: Batch) -> pl.DataFrame:
    name = "source_batches" if "source_key" in frame.columns else "rejects"
    place = Place(shop_id=batch.shop_id, zone=None, pepper=b"")
    rows = canonical_rows(frame, TABLES[name], place=place)
    return with_tail(rows, TABLES[name], origin=batch.origin, loaded_at=batch.loaded_at)


def _entries(batch: Batch, entries: Iterable[Entry]) -> pl.DataFrame:
    table = TABLES["source_batches"]
    return pl.DataFrame(
        [
            {
                "shop_id": batch.shop_id,
                "landed_batch_id": batch.batch_id,
                "source_key": batch.source,
                "entity": entry.table,
                "file_name": batch.file_name,
                "file_sha256": batch.file_sha256,
                "file_bytes": batch.file_bytes,
                "encoding": batch.encoding,
                "rows_read": entry.rows_read,
                "rows_landed": entry.rows_landed,
                "rows_rejected": entry.rows_rejected,
                "rows_duplicate": entry.rows_duplicate,
                "window_from_at": entry.window[0],
                "window_to_at": entry.window[1],
                "batch_state": entry.state,
            }
            for entry in entries
        ],
        schema={c.name: c.dtype for c in table.columns},
    )


def _rejects(batch: Batch, decisions: Sequence[Decision]) -> pl.DataFrame:
    columns = {c.name: c.dtype for c in TABLES["rejects"].columns}
    parts = [
        decision.refused.select(
            pl.lit(batch.shop_id).alias("shop_id"),
            pl.lit(batch.batch_id).alias("landed_batch_id"),
            pl.lit(decision.entry.table).alias("entity"),
            pl.int_range(1, pl.len() + 1, dtype=COUNT).alias("reject_no"),
            pl.col("row_no").alias("rejected_row_no"),
            "reason_code",
            "column_name",
            "value_masked",
        )
        for decision in decisions
    ]
    return pl.concat([pl.DataFrame(schema=columns), *parts])


def batches(home: Home) -> pl.DataFrame:
    """Landed rows of source_batches: one row per batch and table, oldest first."""
    return read_table(home, "source_batches").sort("loaded_at", "landed_batch_id", "entity")


def batches_of(home: Home, sha256: str) -> dict[str, str]:
    """Newest state of each table one raw file gave: `ok`, `partial` or `failed`."""
    known = batches(home).filter(pl.col("file_sha256") == sha256).sort("loaded_at")
    return dict(zip(known["entity"], known["batch_state"], strict=True))


def watermarks(home: Home) -> pl.DataFrame:
    """Newest instant landed so far. Shape: WATERMARKS, one row per source and table. UTC."""
    return (
        batches(home)
        .group_by("source_key", "entity")
        .agg(pl.col("window_to_at").max().alias("newest_at"), pl.col("loaded_at").max())
        .sort("source_key", "entity")
        .match_to_schema(WATERMARKS)
    )


def conservation(home: Home) -> pl.DataFrame:
    """What the books say against what lies there. Shape: CONSERVATION, one row per batch and table.

    Landed and rejected rows are counted from the files. `difference` is rows read minus everything
    accounted for: zero, or rows were lost (positive) or doubled (negative).
    """
    books = batches(home)
    landed = _rows_on_disk(home, books["entity"].unique().to_list())
    refused = (
        read_table(home, "rejects")
        .group_by("landed_batch_id", "entity")
        .agg(pl.len().cast(COUNT).alias("found_rejected"))
    )
    key = ["landed_batch_id", "entity"]
    return (
        books.join(landed, on=key, how="left", validate="1:1")
        .join(refused, on=key, how="left", validate="1:1")
        .with_columns(
            pl.col("found_landed").fill_null(0).alias("rows_landed"),
            pl.col("found_rejected").fill_null(0).alias("rows_rejected"),
        )
        .with_columns(
            (
                pl.col("rows_read")
                - pl.col("rows_landed")
                - pl.col("rows_rejected")
                - pl.col("rows_duplicate")
            ).alias("difference")
        )
        .select(CONSERVATION.names())
        .sort(key)
    )


def _rows_on_disk(home: Home, tables: Sequence[str]) -> pl.DataFrame:
    """Rows of each batch as they lie in the files."""
    schema = pl.Schema({"landed_batch_id": TEXT, "entity": TEXT, "found_landed": COUNT})
    counted = [
        scan(files)
        .group_by(pl.col("batch_id").alias("landed_batch_id"))
        .agg(pl.lit(table).alias("entity"), pl.len().cast(COUNT).alias("found_landed"))
        .collect(engine="streaming")
        for table in sorted(tables)
        if (files := landed_files(home, table))
    ]
    return pl.concat([pl.DataFrame(schema=schema), *counted])


def is_booked(home: Home, batch_id: str) -> bool:
    """Whether the batch lies in landing as a whole: its books are moved last."""
    return (table_folder(home, "source_batches") / "month=all" / f"{batch_id}.parquet").exists()
