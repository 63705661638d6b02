"""From prepared rows to their place: waiting, accepted or shelved, then landed all at once."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import polars as pl

from pipelines.canonical import COUNT, TEXT, Table
from pipelines.landing.batch import (
    REFUSED,
    Batch,
    Decision,
    Entry,
    Landed,
    Pending,
    Prepared,
)
from pipelines.landing.books import book_rows
from pipelines.landing.facts import FailureFacts, Judge
from pipelines.landing.shelf import Reason, shelf_text
from pipelines.landing.store import (
    PENDING,
    Move,
    commit,
    move,
    pending_folder,
    scan,
    table_folder,
    write_frame,
    write_text,
)
from pipelines.landing.versions import only_news
from pipelines.settings import Home

Window = tuple[datetime | None, datetime | None]


def stage(
    home: Home, batch: Batch, tables: Sequence[Prepared], *, whole: bool = False
) -> list[Pending]:
    """Tables of one batch, written where they wait. `whole` lands rows that are no news as well."""
    folder = pending_folder(home, batch.batch_id)
    waiting = []
    for part in tables:
        rows = part.rows if whole else only_news(home, part.table, part.rows)
        # A table that came empty waits as an empty file, so that its contract sees that.
        came_empty = part.rows.is_empty()
        files = [
            write_frame(folder / part.table.name / month / f"{batch.batch_id}.parquet", share)
            for month, share in _months(rows, part.table, keep_empty=came_empty)
        ]
        waiting.append(
            Pending(
                home=home,
                batch=batch,
                table=part.table.name,
                files=tuple(files),
                rows_read=part.rows_read,
                rows_duplicate=part.rows_duplicate + part.rows.height - rows.height,
                refused=part.refused,
                window=_window(part.rows, part.table),
            )
        )
    return waiting


def _months(
    rows: pl.DataFrame, table: Table, *, keep_empty: bool
) -> list[tuple[str, pl.DataFrame]]:
    """Rows by month folder, in their order."""
    if rows.is_empty():
        return [("month=all", rows)] if keep_empty else []
    if table.at is None:
        return [("month=all", rows)]
    month = pl.col(f"{table.at[:-3]}_on").dt.strftime("%Y-%m").fill_null("unknown")
    parts = rows.with_columns(month.alias("_month")).partition_by(
        "_month", as_dict=True, include_key=False
    )
    return sorted((f"month={key[0]}", share) for key, share in parts.items())


def _window(rows: pl.DataFrame, table: Table) -> Window:
    if table.at is None or rows.is_empty():
        return None, None
    bounds = rows.select(
        pl.col(table.at).min().alias("first"), pl.col(table.at).max().alias("last")
    ).row(0)
    return bounds[0], bounds[1]


def accept(pending: Pending) -> Decision:
    """The decision to land all of what waits."""
    landed = sum(scan([file]).select(pl.len()).collect().item() for file in pending.files)
    files = pending.files if landed else ()
    return _decision(
        pending,
        landed=landed,
        moves=[_into_place(pending, file, file) for file in files],
        refused=pending.refused,
        described=(),
    )


def shelve(
    pending: Pending, failures: Sequence[FailureFacts], *, rows: pl.DataFrame | None = None
) -> Decision:
    """The decision to refuse what waits: all of it, or only `rows` (file, position, expectation).

    Every refused row is booked with the first expectation it broke, as `contract:<id>`.
    """
    moves: list[Move] = []
    shelved: list[pl.DataFrame] = []
    landed = 0
    for number, file in enumerate(pending.files):
        bad = _bad_rows(file, failures, rows=rows)
        content = scan([file]).with_row_index("position").collect()
        shelved.append(
            content.join(bad, on="position", how="inner", validate="1:1", maintain_order="left")
        )
        kept = content.join(bad, on="position", how="anti", maintain_order="left").drop("position")
        landed += kept.height
        if kept.height == content.height:
            moves.append(_into_place(pending, file, file))
        elif kept.height:
            draft = write_frame(
                pending.folder / f"{pending.table}.kept" / f"{number}.parquet", kept
            )
            moves.append(_into_place(pending, draft, file))
    moves += _onto_shelf(pending, shelved)
    refused = [_as_refused(part) for part in shelved]
    return _decision(
        pending,
        landed=landed,
        moves=moves,
        refused=pl.concat([pending.refused, *refused]),
        described=failures,
        whole=rows is None,
    )


def _bad_rows(
    file: Path, failures: Sequence[FailureFacts], *, rows: pl.DataFrame | None
) -> pl.DataFrame:
    """Refused rows of one file. Shape: position, reason_code, column_name; one row each."""
    if rows is None:
        first = failures[0]
        return (
            scan([file])
            .select(
                pl.int_range(pl.len(), dtype=pl.UInt32).alias("position"),
                pl.lit(f"contract:{first.expectation}").alias("reason_code"),
                pl.lit(first.column, TEXT).alias("column_name"),
            )
            .collect()
        )
    return (
        rows.filter(pl.col("file") == str(file))
        .unique(subset=["position"], keep="first", maintain_order=True)
        .select(
            pl.col("position").cast(pl.UInt32),
            pl.format("contract:{}", "expectation").alias("reason_code"),
            pl.col("column_name").cast(TEXT),
        )
    )


def _as_refused(shelved: pl.DataFrame) -> pl.DataFrame:
    return shelved.select(
        pl.col("row_no").cast(COUNT),
        "reason_code",
        "column_name",
        pl.lit(None, TEXT).alias("value_masked"),
        pl.lit(None, TEXT).alias("raw_masked"),
    ).match_to_schema(REFUSED)


def _into_place(pending: Pending, source: Path, file: Path) -> Move:
    target = table_folder(pending.home, pending.table) / file.parent.name / file.name
    return move(pending.home, source, target)


def _onto_shelf(pending: Pending, shelved: Sequence[pl.DataFrame]) -> list[Move]:
    if not any(part.height for part in shelved):
        return []
    rows = pl.concat(shelved).drop("position", "reason_code", "column_name")
    draft = write_frame(pending.folder / f"{pending.table}.shelved.parquet", rows)
    return [move(pending.home, draft, _shelf(pending, "parquet"))]


def _shelf(pending: Pending, suffix: str) -> Path:
    return pending.home.rejected / pending.batch.batch_id / f"{pending.table}.{suffix}"


def _decision(
    pending: Pending,
    *,
    landed: int,
    moves: Sequence[Move],
    refused: pl.DataFrame,
    described: Sequence[FailureFacts],
    whole: bool = False,
) -> Decision:
    counts = Counter(refused["reason_code"].to_list())
    told = {f"contract:{failure.expectation}": failure.description for failure in described}
    for code in told:
        counts.setdefault(code, 0)
    reasons = [Reason(code, rows, told.get(code, "")) for code, rows in counts.most_common()]
    note = []
    if reasons:
        text = shelf_text(
            pending.batch, pending.table, reasons=reasons, refused=refused, whole=whole
        )
        draft = write_text(pending.folder / f"{pending.table}.json", text)
        note = [move(pending.home, draft, _shelf(pending, "json"))]
    entry = Entry(
        table=pending.table,
        rows_read=pending.rows_read,
        rows_landed=landed,
        rows_rejected=refused.height,
        rows_duplicate=pending.rows_duplicate,
        state="failed" if whole else "partial" if refused.height else "ok",
        window=pending.window,
        reasons=tuple((reason.code, reason.rows) for reason in reasons),
    )
    return Decision(entry, (*moves, *note), refused)


def decide(pending: Pending, judge: Judge) -> Decision:
    """What the contract says becomes of what waits. Nothing new is nothing to judge."""
    if not pending.files:
        return accept(pending)
    verdict = judge(pending.files, pending.table)
    if verdict.ok:
        return accept(pending)
    return shelve(pending, verdict.failed, rows=verdict.bad_rows)


def finish(
    home: Home, batch: Batch, decisions: Sequence[Decision], *, booked: bool = True
) -> Landed:
    """The batch in its place, books last. Before this returns nothing of it is seen by a reader."""
    moves = [one for decision in decisions for one in decision.moves]
    if booked:
        for name, rows in book_rows(batch, decisions).items():
            if rows.height:
                draft = write_frame(
                    home.landing / PENDING / batch.batch_id / f"{name}.books.parquet", rows
                )
                target = table_folder(home, name) / "month=all" / f"{batch.batch_id}.parquet"
                moves.append(move(home, draft, target))
    # Whoever finds the books finds the batch: they are moved last.
    moves.sort(key=lambda one: one.target.startswith("landing/source_batches/"))
    commit(home, batch.batch_id, moves)
    return Landed(batch.batch_id, True, tuple(decision.entry for decision in decisions))
