"""One canonical column from raw cells: the forms and options of the mapping grammar."""

import hashlib
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import polars as pl

from pipelines.canonical import Column
from pipelines.sources import values
from pipelines.sources.grammar import parse_sql
from pipelines.sources.model import Cell
from pipelines.sources.parsed import because, good

_SEPARATOR: Final = "\x1f"


@dataclass(frozen=True)
class Context:
    """What a column needs to know besides its own lines."""

    system: str
    zone: str
    constants: Dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """A canonical column: values, reasons of rejection, the text read, and hits of `default`."""

    value: pl.Series
    reason: pl.Series | None
    text: pl.Series
    unmapped: int = 0


def references(cell: Cell) -> list[str]:
    """Headers the cell reads."""
    if cell.sql is not None:
        return list(dict.fromkeys(parse_sql(cell.sql).meta.root_names()))
    for headers in (cell.from_, cell.coalesce, cell.id, cell.hash, cell.sequence):
        if headers is not None:
            return list(headers)
    return []


def made(name: str, column: Column, cell: Cell, *, frame: pl.DataFrame, context: Context) -> Made:
    """The column over `frame`. Invariant: reasons are null where values are good."""
    source = frame.select(_source(name, cell, context).alias(name)).to_series()
    rows = frame.height
    # The same cell everywhere, or a header that is not there, is read once.
    is_same = cell.const is not None or len(source) != rows
    if rows and (is_same or source.null_count() == rows):
        once = _read(source.head(1), column, cell, context=context)
        reason = None if once.reason is None else once.reason.new_from_index(0, rows)
        return Made(
            once.value.new_from_index(0, rows), reason, once.text.new_from_index(0, rows), 0
        )
    return _read(source.head(rows), column, cell, context=context)


def _read(source: pl.Series, column: Column, cell: Cell, *, context: Context) -> Made:
    if source.dtype in (pl.String, pl.Null):
        return _from_text(source.cast(pl.String), column, cell, context=context)
    return _from_typed(source, column, cell, context=context)


def hashed(name: str, cell: Cell, frame: pl.DataFrame) -> pl.Series | None:
    """SHA-256 of the cells for a `hash` column; polars' own hash may change with its version."""
    if cell.hash is None:
        return None
    joined = frame.select(
        pl.concat_str([pl.col(h).fill_null("") for h in cell.hash], separator=_SEPARATOR)
    ).to_series()
    digests = [hashlib.sha256(text.encode()).hexdigest()[:32] for text in joined.to_list()]
    return pl.Series(hash_column(name), digests, dtype=pl.String)


def hash_column(name: str) -> str:
    """Where the digest of a `hash` column waits."""
    return f"__hash_{name}"


def _source(name: str, cell: Cell, context: Context) -> pl.Expr:
    if cell.sql is not None:
        return parse_sql(cell.sql)
    if cell.from_ is not None:
        if cell.join is None:
            return pl.col(cell.from_[0])
        return pl.concat_str([pl.col(h) for h in cell.from_], separator=cell.join)
    if cell.coalesce is not None:
        return pl.coalesce([pl.col(h) for h in cell.coalesce])
    if cell.id is not None:
        return pl.concat_str([_plain(h, cell) for h in cell.id], separator=":")
    if cell.hash is not None:
        return pl.col(hash_column(name))
    if cell.sequence is not None:
        count = pl.int_range(1, pl.len() + 1)
        return count.over(cell.sequence) if cell.sequence else count
    return pl.lit(_constant(cell.const, context), dtype=pl.String)


def _plain(header: str, cell: Cell) -> pl.Expr:
    text = pl.col(header).cast(pl.String)
    return text.str.strip_prefix("'") if cell.strip_apostrophe else text


def _constant(text: str | None, context: Context) -> str | None:
    if text is None:
        return None
    for key, value in context.constants.items():
        text = text.replace(f"{{{key}}}", value)
    return text


def _from_text(given: pl.Series, column: Column, cell: Cell, *, context: Context) -> Made:
    if cell.strip_apostrophe:
        given = given.str.strip_prefix("'")
    if cell.empty:
        given = _only(given, ~given.is_in(cell.empty))
    text, reasons = given, []
    if cell.extract is not None:
        text = text.str.extract(cell.extract)
        reasons.append(_reason(given.is_not_null() & text.is_null(), "bad_value"))
    unmapped = 0
    if cell.lookup is not None:
        text, missed = _looked_up(text, cell)
        if cell.default is None:
            reasons.append(_reason(missed, "unknown_enum"))
        else:
            unmapped = int(missed.sum())
    if cell.zero_pad is not None:
        text = text.str.zfill(cell.zero_pad)
    stand_in = _constant(cell.default, context)
    if stand_in is not None:
        text = pl.Series([stand_in]).new_from_index(0, len(text)).zip_with(given.is_null(), text)
    if cell.id is not None or cell.hash is not None or cell.prefix is not None:
        text = f"{cell.prefix or context.system}:" + text
    read = values.parsed(text, column, cell, zone=_zone(cell, context))
    reason = _first([*reasons, read.reason])
    return _judged(Made(read.value, reason, given, unmapped), column, cell)


def _only(series: pl.Series, keep: pl.Series) -> pl.Series:
    """The series, null where not kept."""
    return pl.select(pl.when(keep).then(series)).to_series()


def _reason(bad: pl.Series, code: str) -> pl.Series:
    return pl.select(because(pl.lit(bad), code)).to_series()


def _first(reasons: list[pl.Series]) -> pl.Series | None:
    """The first reason of each row; None when no row has any."""
    told = [reason for reason in reasons if reason.null_count() < len(reason)]
    if not told:
        return None
    return told[0] if len(told) == 1 else pl.select(pl.coalesce(told)).to_series()


def _zone(cell: Cell, context: Context) -> str:
    if cell.zone is None:
        return context.zone
    return context.constants["zone"] if cell.zone == "shop" else cell.zone


def _looked_up(text: pl.Series, cell: Cell) -> tuple[pl.Series, pl.Series]:
    """What the lookup says, its default where it says nothing, and where that was."""
    table = cell.lookup or {}
    found = text.replace_strict(
        list(table), list(table.values()), default=None, return_dtype=pl.String
    )
    missed = text.is_not_null() & found.is_null()
    if cell.default is None:
        return found, missed
    return pl.Series([cell.default]).new_from_index(0, len(text)).zip_with(missed, found), missed


def _from_typed(source: pl.Series, column: Column, cell: Cell, *, context: Context) -> Made:
    """SQL, counts and sums: already numbers or yes/no, only to be fitted into the column."""
    kind, wanted = source.dtype, column.dtype
    shown = source.cast(pl.String)
    is_number = kind.is_numeric() and wanted.is_numeric() and cell.id is None
    if not is_number or cell.lookup is not None:
        if kind.is_float():
            shown = shown.str.strip_suffix(".0")
        if kind.is_decimal():
            shown = shown.str.strip_chars_end("0").str.strip_chars_end(".")
        return _from_text(shown, column, cell, context=context)
    value = source.cast(values.WIDE, strict=False)
    lost = _reason(source.is_not_null() & value.is_null(), "out_of_range")
    if cell.default is not None:
        value = value.fill_null(Decimal(cell.default))
    read = values.fitted(values.scaled(good(value), cell), wanted)
    return _judged(Made(read.value, _first([lost, read.reason]), shown), column, cell)


def _judged(read: Made, column: Column, cell: Cell) -> Made:
    """The value held to what the canonical column allows."""
    value, reasons = read.value, [] if read.reason is None else [read.reason]
    if column.allowed:
        stray = value.is_not_null() & ~value.is_in(column.allowed)
        reasons.append(_reason(stray, "unknown_enum"))
    if column.required or cell.required:
        reasons.append(_reason(value.is_null(), "missing_required"))
    reason = _first(reasons)
    if cell.nulls_errors and reason is not None:
        value = _only(value, reason.is_null())
    return Made(value, reason, read.text, read.unmapped)
