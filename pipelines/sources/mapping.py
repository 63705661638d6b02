"""A mapping applied to a file's raw rows: canonical frames, and every row that could not follow."""

from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from pipelines.canonical import INSTANT, TABLES, TEXT, Column, Table, fillable
from pipelines.sources import values
from pipelines.sources.columns import Context, Made, hashed, made
from pipelines.sources.explode import Explosions
from pipelines.sources.grammar import parse_sql
from pipelines.sources.headers import Headers, needed_headers
from pipelines.sources.model import Cell, Entry, Mapping
from pipelines.sources.raw import REJECTS, ROW, RawTable, masked_expr
from pipelines.sources.refusals import FileRefused, MappingBroken
from pipelines.sources.shapes import BAD_NUMBER, SEPARATOR, shaped, with_numbers

_EXTRA: Final = (Column("source_record_id", TEXT), Column("source_updated_at", INSTANT))
_RAW_MASK_CHARS: Final = 200
# What an order is worth, by whichever measure: definitions of revenue.
_WORTH: Final = ("goods_amount", "total_amount", "paid_amount")


@dataclass(frozen=True)
class Note:
    """Something that refused no row and should be known: unmapped values, headers not there."""

    table: str
    column: str | None
    reason: str
    rows: int


@dataclass(frozen=True)
class TableBatch:
    """One canonical table's share of a file.

    Shape: `frame` has the table's mapped columns in canonical types, source_record_id,
    source_updated_at and row_no. Invariant: rows_read = frame + rejects + duplicates.
    """

    table: str
    frame: pl.DataFrame
    rows_read: int
    duplicates: int
    rejects: pl.DataFrame
    notes: tuple[Note, ...] = ()


def apply_mapping(
    mapping: Mapping, raw: RawTable, *, headers: Headers, context: Context
) -> tuple[TableBatch, ...]:
    """One batch per table of the mapping; entries of the same table come together.

    Raises: FileRefused when headers are missing or doubled; MappingBroken when its SQL cannot run.
    """
    try:
        present = headers.present_entries(mapping.tables)
    except MappingBroken as error:
        raise MappingBroken(f"{mapping.key}.yml: {error}") from error
    explosions = Explosions(headers, empty=tuple(mapping.empty))
    batches: dict[str, TableBatch] = {}
    for entry in present:
        try:
            batch = _apply(
                entry, mapping, raw, headers=headers, context=context, explosions=explosions
            )
        except pl.exceptions.PolarsError as error:
            # What only the rows could show: a sum over text, a condition that is no condition.
            raise MappingBroken(
                f"{mapping.key}.yml: tables.{entry.table}: its SQL or shape does not fit the rows "
                f"({error}); headers to be added or multiplied are listed under `numbers`"
            ) from error
        earlier = batches.get(entry.table)
        batches[entry.table] = batch if earlier is None else _together(earlier, batch)
    if "orders" in batches:
        _refuse_lost_amounts(batches["orders"].frame, present, file=headers.file)
    return tuple(_settled(batch, raw) for batch in batches.values())


def _refuse_lost_amounts(orders: pl.DataFrame, entries: list[Entry], *, file: str) -> None:
    """Nothing, unless amounts are read and none is there: a renamed header, not a free shop."""
    cells = {name: c for e in entries if e.table == "orders" for name, c in e.columns.items()}
    read = [n for n in _WORTH if n in cells and cells[n].const is None]
    known = pl.any_horizontal(pl.col(_WORTH).is_not_null())
    if read and orders.height and not orders.select(known.any()).item():
        raise FileRefused(
            file,
            f"no order says what it is worth: {', '.join(read)} are empty throughout",
            "Name the amount's header in shop.yml under the source's `aliases`; the mapping of a "
            "source that has no amounts leaves these columns out.",
        )


def _apply(
    entry: Entry,
    mapping: Mapping,
    raw: RawTable,
    *,
    headers: Headers,
    context: Context,
    explosions: Explosions,
) -> TableBatch:
    frame, left_out = _rows(entry, mapping, raw, headers=headers, explosions=explosions)
    digests = [hashed(name, cell, frame) for name, cell in entry.columns.items()]
    frame = frame.with_columns([d for d in digests if d is not None])
    cells = {name: cell for name, cell in entry.columns.items() if headers.usable(cell, entry)}
    if entry.derives and "is_derived" in {c.name for c in fillable(entry.target)}:
        cells.setdefault("is_derived", Cell.model_validate({"const": True}))
    columns = {c.name: c for c in (*fillable(entry.target), *_EXTRA)}
    forms = {
        name: made(name, columns[name], cell, frame=frame, context=context)
        for name, cell in cells.items()
    }
    batch = _judge(entry, frame, cells=cells, forms=forms, headers=headers)
    notes = () if left_out is None else (Note(entry.table, None, "not_this_table", left_out),)
    return replace(batch, notes=(*notes, *batch.notes))


def _rows(
    entry: Entry, mapping: Mapping, raw: RawTable, *, headers: Headers, explosions: Explosions
) -> tuple[pl.DataFrame, int | None]:
    """The entry's rows, and how many were left out by `where`; None where there is none."""
    frame = headers.select(raw.frame, needed_headers(entry))
    names = [s.name for s in frame if s.name != ROW and s.null_count() < len(s)]
    frame = values.clean_cells(frame, names, empty=tuple(mapping.empty))
    frame = with_numbers(frame, [name for name in entry.numbers if name in frame.columns])
    everything = frame.height
    if entry.where is not None:
        frame = frame.filter(parse_sql(entry.where))
    left_out = everything - frame.height
    frame, left_out_later = shaped(frame, entry, explosions=explosions)
    filters = entry.where is not None or any(step.where is not None for step in entry.shape)
    return headers.filled(frame, entry), left_out + left_out_later if filters else None


def _judge(
    entry: Entry,
    frame: pl.DataFrame,
    *,
    cells: dict[str, Cell],
    forms: dict[str, Made],
    headers: Headers,
) -> TableBatch:
    everything = [*fillable(entry.target), *_EXTRA]
    judged = pl.DataFrame(
        [
            forms[c.name].value.cast(c.dtype).alias(c.name)
            if c.name in forms
            else pl.Series(c.name, [None], dtype=c.dtype).new_from_index(0, frame.height)
            for c in everything
        ]
    ).with_columns(frame[ROW].alias("row_no"))
    bad = _why_bad(entry, frame, cells=cells, forms=forms)
    is_bad = bad.is_not_null()
    rejects = _rejects(frame.filter(is_bad), bad.filter(is_bad), is_bad=is_bad, forms=forms)
    notes = (*_notes(entry, cells=cells, forms=forms), *_absent(entry, headers))
    good = judged.filter(~is_bad) if rejects.height else judged
    return TableBatch(entry.table, good, frame.height, 0, rejects, notes)


def _why_bad(
    entry: Entry, frame: pl.DataFrame, *, cells: dict[str, Cell], forms: dict[str, Made]
) -> pl.Series:
    """Reason and column of the first thing wrong with each row, null where nothing is."""
    numbers = frame[BAD_NUMBER].str.extract(r"^([^\x1f]*\x1f[^\x1f]*)")
    reasons = [
        form.reason + f"{SEPARATOR}{name}"
        for name, form in forms.items()
        if form.reason is not None and not cells[name].nulls_errors
    ]
    if entry.table == "customers" and "email" in forms:
        # A guest is known by address alone: landing makes the id from it.
        known = forms["email"].value.is_not_null()
        reasons = [
            pl.select(
                pl.when(~(known & (r == f"missing_required{SEPARATOR}customer_id"))).then(r)
            ).to_series()
            for r in reasons
        ]
    return pl.select(pl.coalesce([numbers, *reasons])).to_series()


def _rejects(
    frame: pl.DataFrame, bad: pl.Series, *, is_bad: pl.Series, forms: dict[str, Made]
) -> pl.DataFrame:
    """One row per rejected row; texts are masked, for this table is read by many."""
    if frame.height == 0:
        return pl.DataFrame(schema=REJECTS)
    parts = bad.str.split(SEPARATOR)
    column = parts.list.get(1)
    value = frame[BAD_NUMBER].str.extract(r"\x1f[^\x1f]*\x1f(.*)$")
    for name in column.unique().to_list():
        if name in forms:
            text = forms[name].text.filter(is_bad).cast(pl.String)
            value = text.zip_with((column == name) & value.is_null(), value)
    cells = [pl.col(c).cast(pl.String).fill_null("") for c in frame.columns if c[:2] != "__"]
    raw = pl.concat_str(cells, separator=",") if cells else pl.lit("")
    return frame.select(
        row_no=pl.col(ROW),
        reason_code=parts.list.get(0),
        column_name=column,
        value_masked=masked_expr(pl.lit(value)),
        raw_masked=masked_expr(raw, limit=_RAW_MASK_CHARS),
    ).cast(dict(REJECTS))  # type: ignore[arg-type] # a schema is a mapping of names to types


def _notes(entry: Entry, *, cells: dict[str, Cell], forms: dict[str, Made]) -> tuple[Note, ...]:
    unmapped = [Note(entry.table, n, "unmapped_value", f.unmapped) for n, f in forms.items()]
    nulled = [
        Note(entry.table, n, "nulled", len(f.reason) - f.reason.null_count())
        for n, f in forms.items()
        if cells[n].nulls_errors and f.reason is not None
    ]
    return tuple(note for note in (*unmapped, *nulled) if note.rows)


def _absent(entry: Entry, headers: Headers) -> tuple[Note, ...]:
    return tuple(
        Note(entry.table, column, f"missing_header {name}", 0)
        for column, name in headers.absent(entry)
    )


def _together(one: TableBatch, other: TableBatch) -> TableBatch:
    return replace(
        one,
        frame=pl.concat([one.frame, other.frame]),
        rows_read=one.rows_read + other.rows_read,
        rejects=pl.concat([one.rejects, other.rejects]),
        notes=(*one.notes, *other.notes),
    )


def _settled(batch: TableBatch, raw: RawTable) -> TableBatch:
    """The batch with rows of one key made one, and the file's broken lines among its rejects."""
    frame, duplicates, conflicts = _one_per_key(batch.frame, TABLES[batch.table])
    rejects = pl.concat([raw.rejects, batch.rejects, conflicts]).sort("row_no", maintain_order=True)
    settled = replace(
        batch,
        frame=frame,
        duplicates=duplicates,
        rejects=rejects,
        rows_read=batch.rows_read + raw.rejects.height,
    )
    assert settled.rows_read == frame.height + duplicates + rejects.height, batch.table
    return settled


def _one_per_key(frame: pl.DataFrame, table: Table) -> tuple[pl.DataFrame, int, pl.DataFrame]:
    """Frame with one row per key, identical rows dropped, and the conflicting ones as rejects."""
    nothing = pl.DataFrame(schema=REJECTS)
    if not set(table.key) <= set(frame.columns):
        return frame, 0, nothing
    key = [pl.col(name) for name in table.key]
    if table.name == "customers":
        key = [pl.coalesce(pl.col("customer_id"), pl.lit("guest ") + pl.col("email"))]
    keyed = frame.with_row_index("__place").with_columns(pl.struct(key).alias("__key"))
    if keyed["__key"].is_unique().all():
        return frame, 0, nothing
    content = [name for name in frame.columns if name != "row_no"]
    distinct = keyed.unique(content, keep="first", maintain_order=True)
    # The source's own time of change decides; without one, the row further down is the newer.
    winners = distinct.sort("source_updated_at", "__place", nulls_last=False).unique(
        "__key", keep="last", maintain_order=True
    )
    losers = distinct.join(winners.select("__place"), on="__place", how="anti").sort("__place")
    conflicts = losers.select(
        pl.col("row_no"),
        pl.lit("key_conflict").alias("reason_code"),
        pl.lit(table.key[0]).alias("column_name"),
        pl.lit(None, dtype=pl.String).alias("value_masked"),
        pl.lit(None, dtype=pl.String).alias("raw_masked"),
    )
    kept = winners.sort("__place").drop("__place", "__key")
    return kept, frame.height - distinct.height, conflicts
