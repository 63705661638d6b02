"""One canonical column from raw cells: the forms and options of the mapping grammar."""

import hashlib
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from pipelines.canonical import Column
from pipelines.sources import values
from pipelines.sources.model import Cell, parse_sql
from pipelines.sources.values import Parsed

_SEPARATOR: Final = "\x1f"


@dataclass(frozen=True)
class Context:
    """What a column needs to know besides its own lines."""

    system: str
    zone: str
    constants: Dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """A canonical column: value, reason of rejection, the text read, and hits of `default`."""

    value: pl.Expr
    reason: pl.Expr
    text: pl.Expr
    unmapped: pl.Expr | None = None


def references(cell: Cell) -> list[str]:
    """Headers the cell reads."""
    if cell.sql is not None:
        return list(dict.fromkeys(parse_sql(cell.sql).meta.root_names()))
    for headers in (cell.from_, cell.coalesce, cell.id, cell.hash, cell.sequence):
        if headers is not None:
            return list(headers)
    return []


def made(name: str, column: Column, cell: Cell, *, frame: pl.DataFrame, context: Context) -> Made:
    """The column's expressions over `frame`. Invariant: reasons are null where values are good."""
    source = _source(name, cell, context)
    kind = frame.lazy().select(source).collect_schema().dtypes()[0]
    if kind == pl.String:
        return _from_text(source, column, cell, context=context)
    return _from_typed(source, kind, column=column, cell=cell, context=context)


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


def _from_text(text: pl.Expr, column: Column, cell: Cell, *, context: Context) -> Made:
    if cell.strip_apostrophe:
        text = text.str.strip_prefix("'")
    if cell.empty:
        text = pl.when(~text.is_in(cell.empty)).then(text)
    given, reason = text, pl.lit(None, dtype=pl.String)
    if cell.extract is not None:
        text = text.str.extract(cell.extract)
        reason = _because(given.is_not_null() & text.is_null(), "bad_value")
    text, unmapped, miss = _looked_up(text, cell)
    reason = pl.coalesce(reason, miss)
    if cell.zero_pad is not None:
        text = text.str.zfill(cell.zero_pad)
    if cell.default is not None:
        stand_in = pl.lit(_constant(cell.default, context))
        text = pl.when(given.is_null()).then(stand_in).otherwise(text)
    if cell.id is not None or cell.hash is not None or cell.prefix is not None:
        text = pl.lit(f"{cell.prefix or context.system}:") + text
    read = values.parsed(text, column, cell, zone=_zone(cell, context))
    return _judged(
        Made(read.value, pl.coalesce(reason, read.reason), given, unmapped), column, cell
    )


def _zone(cell: Cell, context: Context) -> str:
    if cell.zone is None:
        return context.zone
    return context.constants["zone"] if cell.zone == "shop" else cell.zone


def _looked_up(text: pl.Expr, cell: Cell) -> tuple[pl.Expr, pl.Expr | None, pl.Expr]:
    nothing = pl.lit(None, dtype=pl.String)
    if cell.lookup is None:
        return text, None, nothing
    found = text.replace_strict(
        list(cell.lookup), list(cell.lookup.values()), default=None, return_dtype=pl.String
    )
    missed = text.is_not_null() & found.is_null()
    if cell.default is None:
        return found, None, _because(missed, "unknown_enum")
    return pl.when(missed).then(pl.lit(cell.default)).otherwise(found), missed, nothing


def _from_typed(
    source: pl.Expr, kind: pl.DataType, *, column: Column, cell: Cell, context: Context
) -> Made:
    """SQL, counts and sums: already numbers or yes/no, only to be fitted into the column."""
    wanted = column.dtype
    shown = source.cast(pl.String)
    if kind == pl.Null:
        return _from_text(shown, column, cell, context=context)
    if wanted == pl.String or kind == pl.Boolean or cell.id is not None:
        text = shown.str.strip_suffix(".0") if kind.is_float() else shown
        if kind.is_decimal():
            text = shown.str.strip_chars_end("0").str.strip_chars_end(".")
        return _from_text(text, column, cell, context=context)
    if not wanted.is_numeric() or not kind.is_numeric():
        return _from_text(shown, column, cell, context=context)
    wide = Parsed(source.cast(values.WIDE, strict=False), pl.lit(None, dtype=pl.String))
    lost = _because(source.is_not_null() & wide.value.is_null(), "out_of_range")
    if cell.default is not None:
        wide = Parsed(wide.value.fill_null(pl.lit(cell.default).cast(values.WIDE)), wide.reason)
    read = values.fitted(values.scaled(wide, cell), wanted)
    return _judged(Made(read.value, pl.coalesce(lost, read.reason), shown), column, cell)


def _judged(read: Made, column: Column, cell: Cell) -> Made:
    """The value held to what the canonical column allows."""
    value, reason = read.value, read.reason
    if column.allowed:
        stray = value.is_not_null() & ~value.is_in(column.allowed)
        reason = pl.coalesce(reason, _because(stray, "unknown_enum"))
    if column.required or cell.required:
        reason = pl.coalesce(reason, _because(value.is_null(), "missing_required"))
    if cell.nulls_errors:
        value = pl.when(reason.is_null()).then(value)
    return Made(value, reason, read.text, read.unmapped)


def _because(bad: pl.Expr, code: str) -> pl.Expr:
    return pl.when(bad).then(pl.lit(code)).otherwise(None)
