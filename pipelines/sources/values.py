"""Text cells → canonical values, each with the reason why not.

Whole columns at a time, in steps: one expression for all of it would read a date a hundred times.
"""

from typing import Final

import polars as pl

from pipelines.canonical import Column
from pipelines.sources.instants import instant, year_first
from pipelines.sources.model import Cell
from pipelines.sources.parsed import Parsed, because, good

WIDE: Final = pl.Decimal(38, 10)
# Scale of numbers inside SQL: a product of two of them still has room for 26 whole digits.
NUMBER: Final = pl.Decimal(38, 6)
_GROUPED: Final = r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$"
_PLAIN: Final = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?$"
_LARGEST: Final = 10**13
TRUE_WORDS: Final = ("1", "true", "yes", "y", "t", "on", "はい")
FALSE_WORDS: Final = ("0", "false", "no", "n", "f", "off", "いいえ")
# Birthdays lie long before any shop.
_DATE_YEARS: Final = (1900, 2199)


def clean_cells(frame: pl.DataFrame, names: list[str], *, empty: tuple[str, ...]) -> pl.DataFrame:
    """Cells trimmed, in NFC; null when nothing, or a token that means nothing, is left."""
    trimmed = frame.with_columns(pl.col(names).str.strip_chars().str.normalize("NFC"))
    nothing = ["", *empty]
    return trimmed.with_columns(
        pl.when(~pl.col(name).is_in(nothing)).then(pl.col(name)).alias(name) for name in names
    )


def clean_text(text: pl.Series) -> pl.Series:
    """Line breaks and tabs as one blank, other control characters removed."""
    return text.str.replace_all(r"[\t\r\n]+", " ").str.replace_all(r"\p{Cc}", "")


def number(text: pl.Series, *, decimal: str = ".", percent: bool = False) -> Parsed:
    """A number as people write it, at ten decimals. Units: a percentage becomes a fraction."""
    is_plain = decimal == "." and bool(text.str.contains(_PLAIN).all())
    cleaned = text if is_plain else _undressed(text, decimal=decimal, percent=percent)
    found = (
        pl.LazyFrame({"text": text, "cleaned": cleaned})
        .with_columns(good=pl.col("cleaned").str.contains(_PLAIN))
        .with_columns(wide=pl.when("good").then("cleaned").cast(WIDE, strict=False))
        .with_columns(wide=(pl.col("wide") / 100).cast(WIDE) if percent else pl.col("wide"))
        .with_columns(value=pl.when(pl.col("wide").abs() < _LARGEST).then("wide"))
        .select(
            "value",
            reason=pl.coalesce(
                because(pl.col("text").is_not_null() & ~pl.col("good"), "bad_number"),
                because(pl.col("text").is_not_null() & pl.col("value").is_null(), "out_of_range"),
            ),
        )
        .collect()
    )
    return Parsed.of(found)


def _undressed(text: pl.Series, *, decimal: str, percent: bool) -> pl.Series:
    """Currency signs, full width, thousands commas and people's minus signs taken off."""
    cleaned = (
        text.str.normalize("NFKC")
        .str.replace_all(r"[\s¥$€£円]", "")
        .str.replace(r"^\((.+)\)$", "-$1")
        .str.replace(r"^[−‐–△▲]", "-")
    )
    if percent:
        cleaned = cleaned.str.replace(r"%$", "")
    if decimal == ",":
        cleaned = cleaned.str.replace_many([".", ","], [",", "."])
    is_grouped = cleaned.str.contains(_GROUPED).fill_null(value=False)
    return cleaned.str.replace_all(",", "", literal=True).zip_with(is_grouped, cleaned)


def fitted(wide: Parsed, dtype: pl.DataType) -> Parsed:
    """A wide number as the column's own type: whole where it counts, rounded to its decimals."""
    frame = pl.LazyFrame({"wide": wide.value, "reason": wide.reason})
    is_decimal = isinstance(dtype, pl.Decimal)
    digits = dtype.scale if isinstance(dtype, pl.Decimal) else 0
    found = (
        frame.with_columns(rounded=pl.col("wide").round(digits))
        .with_columns(whole=pl.lit(is_decimal) | (pl.col("rounded") == pl.col("wide")))
        .with_columns(value=pl.when("whole").then("rounded").cast(dtype, strict=False))
        .select(
            "value",
            reason=pl.coalesce(
                "reason",
                because(pl.col("wide").is_not_null() & ~pl.col("whole"), "bad_number"),
                because(pl.col("wide").is_not_null() & pl.col("value").is_null(), "out_of_range"),
            ),
        )
        .collect()
    )
    return Parsed.of(found)


def boolean(text: pl.Series, cell: Cell) -> Parsed:
    """Yes or no, by the mapping's own words and those everybody uses."""
    words = {
        **dict.fromkeys(TRUE_WORDS, True),
        **dict.fromkeys(FALSE_WORDS, False),
        **dict.fromkeys(cell.booleans.true, True),
        **dict.fromkeys(cell.booleans.false, False),
    }
    table = {word.lower(): truth for word, truth in words.items()}
    value = (
        text.str.normalize("NFKC")
        .str.to_lowercase()
        .replace_strict(list(table), list(table.values()), default=None, return_dtype=pl.Boolean())
    )
    return _unread(text, value, "bad_boolean")


def _unread(text: pl.Series, value: pl.Series, code: str) -> Parsed:
    found = pl.DataFrame({"text": text, "value": value}).select(
        "value", reason=because(pl.col("text").is_not_null() & pl.col("value").is_null(), code)
    )
    return Parsed.of(found)


def date(text: pl.Series, cell: Cell) -> Parsed:
    """A calendar date."""
    named = {"auto", "day", "month"}.intersection(cell.formats)
    tries = [text.str.strptime(pl.Date, f, strict=False) for f in cell.formats if f not in named]
    if "month" in named:
        tries.append(first_of_month(text).str.strptime(pl.Date, "%Y-%m-%d", strict=False))
    if not cell.formats or named & {"auto", "day"}:
        plain = year_first(text).str.replace(r"[ ]\d{1,2}:\d{2}.*$", "")
        tries.append(plain.str.strptime(pl.Date, "%Y-%m-%d", strict=False))
    value = pl.select(pl.coalesce(tries)).to_series()
    read = _unread(text, value, "bad_date")
    inside = pl.col("value").dt.year().is_between(*_DATE_YEARS)
    found = read.frame().select(
        value=pl.when(inside).then("value"),
        reason=pl.coalesce(
            "reason", because(pl.col("value").is_not_null() & ~inside, "out_of_range")
        ),
    )
    return Parsed.of(found)


def first_of_month(text: pl.Series) -> pl.Series:
    """A month in any common dress, or its first day, as `2026-10-01`; empty for any other text."""
    return (
        text.str.normalize("NFKC")
        .str.replace(r"[T ]0{1,2}:00(:00)?$", "")
        .str.replace(r"^(\d{4})[-/.年]?(\d{1,2})(?:月|[-/.月]0?1日?|01)?$", "$1-$2-01")
        .str.extract(r"^(\d{4}-\d{1,2}-01)$")
    )


def date_part(text: pl.Series, cell: Cell, dtype: pl.DataType) -> Parsed:
    """Year, month or day of a date."""
    whole = date(text, cell)
    parts = {"year": whole.value.dt.year, "month": whole.value.dt.month, "day": whole.value.dt.day}
    return Parsed(parts[cell.part or "day"]().cast(dtype), whole.reason)


def parsed(text: pl.Series, column: Column, cell: Cell, *, zone: str) -> Parsed:
    """The text as the canonical column's value."""
    kind = column.dtype
    if cell.part is not None:
        return date_part(text, cell, kind)
    if isinstance(kind, pl.Boolean):
        return boolean(text, cell)
    if isinstance(kind, pl.Date):
        return date(text, cell)
    if isinstance(kind, pl.Datetime):
        return instant(text, cell, zone=zone)
    if isinstance(kind, pl.String):
        return good(clean_text(text))
    wide = number(text, decimal=cell.decimal, percent=cell.percent)
    return fitted(scaled(wide, cell), kind)


def scaled(wide: Parsed, cell: Cell) -> Parsed:
    """The number times the mapping's `scale`."""
    if cell.scale is None:
        return wide
    factor = pl.lit(str(cell.scale)).cast(WIDE)
    times = wide.frame().select(value=(pl.col("value") * factor).cast(WIDE))
    return Parsed(times["value"], wide.reason)
