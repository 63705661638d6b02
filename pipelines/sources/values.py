"""Text cells → canonical values, each with the reason why not. Expressions only, no row loops."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from pipelines.canonical import Column
from pipelines.sources.model import Cell

WIDE: Final = pl.Decimal(38, 10)
# Scale of numbers inside SQL: a product of two of them still has room for 26 whole digits.
NUMBER: Final = pl.Decimal(38, 6)
_GROUPED: Final = r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$"
_PLAIN: Final = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?$"
_LARGEST: Final = 10**13
_OFFSET: Final = r"[+-]\d{2}:?\d{2}$"
_UNIX: Final = {"unix_s": "s", "unix_ms": "ms", "unix_us": "us"}
TRUE_WORDS: Final = ("1", "true", "yes", "y", "t", "on", "はい")
FALSE_WORDS: Final = ("0", "false", "no", "n", "f", "off", "いいえ")
# Birthdays lie long before any shop; moments of a shop do not.
_DATE_YEARS: Final = (1900, 2199)
_INSTANT_YEARS: Final = (1990, 2099)


@dataclass(frozen=True)
class Parsed:
    """A value and, where there is none though the cell was not empty, its reason code."""

    value: pl.Expr
    reason: pl.Expr


def _no_reason() -> pl.Expr:
    return pl.lit(None, dtype=pl.String)


def _because(bad: pl.Expr, code: str) -> pl.Expr:
    return pl.when(bad).then(pl.lit(code)).otherwise(None)


def clean_cell(column: pl.Expr, *, empty: tuple[str, ...]) -> pl.Expr:
    """The cell trimmed, in NFC; null when nothing, or a token that means nothing, is left."""
    text = column.str.strip_chars().str.normalize("NFC")
    return pl.when(text.is_in(["", *empty])).then(None).otherwise(text)


def clean_text(text: pl.Expr) -> pl.Expr:
    """Line breaks and tabs as one blank, other control characters removed."""
    return text.str.replace_all(r"[\t\r\n]+", " ").str.replace_all(r"\p{Cc}", "")


def number(text: pl.Expr, *, decimal: str = ".", percent: bool = False) -> Parsed:
    """A number as people write it, at ten decimals. Units: a percentage becomes a fraction."""
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
    cleaned = (
        pl.when(cleaned.str.contains(_GROUPED))
        .then(cleaned.str.replace_all(",", "", literal=True))
        .otherwise(cleaned)
    )
    good = cleaned.str.contains(_PLAIN)
    value = pl.when(good).then(cleaned).otherwise(None).cast(WIDE, strict=False)
    if percent:
        value = (value / 100).cast(WIDE)
    value = pl.when(value.abs() < _LARGEST).then(value).otherwise(None)
    reason = (
        pl.when(text.is_not_null() & ~good)
        .then(pl.lit("bad_number"))
        .when(text.is_not_null() & value.is_null())
        .then(pl.lit("out_of_range"))
        .otherwise(None)
    )
    return Parsed(value, reason)


def fitted(wide: Parsed, dtype: pl.DataType) -> Parsed:
    """A wide number as the column's own type: whole where it counts, rounded to its decimals."""
    if isinstance(dtype, pl.Decimal):
        value = wide.value.round(dtype.scale).cast(dtype, strict=False)
        bad = wide.value.is_not_null() & value.is_null()
        return Parsed(value, pl.coalesce(wide.reason, _because(bad, "out_of_range")))
    whole = wide.value == wide.value.round(0)
    value = pl.when(whole).then(wide.value).otherwise(None).cast(dtype, strict=False)
    return Parsed(
        value,
        pl.coalesce(
            wide.reason,
            _because(wide.value.is_not_null() & ~whole, "bad_number"),
            _because(wide.value.is_not_null() & value.is_null(), "out_of_range"),
        ),
    )


def boolean(text: pl.Expr, cell: Cell) -> Parsed:
    """Yes or no, by the words everybody uses and the mapping's own."""
    word = text.str.normalize("NFKC").str.to_lowercase()
    own_true, own_false = cell.booleans.true, cell.booleans.false
    value = (
        pl.when(text.is_in(own_true))
        .then(True)
        .when(text.is_in(own_false))
        .then(False)
        .when(word.is_in(TRUE_WORDS))
        .then(True)
        .when(word.is_in(FALSE_WORDS))
        .then(False)
        .otherwise(None)
    )
    return Parsed(value, _because(text.is_not_null() & value.is_null(), "bad_boolean"))


def _year_first(text: pl.Expr) -> pl.Expr:
    """Dates of year, month, day in any common dress as `2026-5-14 1:02:03`."""
    return (
        text.str.normalize("NFKC")
        .str.replace(r"^(\d{4})[/.年](\d{1,2})[/.月](\d{1,2})日?", "$1-$2-$3")
        .str.replace(r"^(\d{4})(\d{2})(\d{2})\b", "$1-$2-$3")
        .str.replace(r"^(\d{4}-\d{1,2}-\d{1,2})[T ]+", "$1 ")
        .str.replace(r"\s*(UTC|GMT|Z)$", "+00:00")
        .str.replace(r"\s+([+-]\d{2}:?\d{2})$", "$1")
    )


def date(text: pl.Expr, cell: Cell) -> Parsed:
    """A calendar date."""
    if cell.formats:
        tries = [text.str.strptime(pl.Date, f, strict=False) for f in cell.formats]
    else:
        plain = _year_first(text).str.replace(r"[ ]\d{1,2}:\d{2}.*$", "")
        tries = [plain.str.strptime(pl.Date, "%Y-%m-%d", strict=False)]
    value = pl.coalesce(tries)
    bad = _because(text.is_not_null() & value.is_null(), "bad_date")
    return _in_years(value, _DATE_YEARS, bad=bad)


def date_part(text: pl.Expr, cell: Cell, dtype: pl.DataType) -> Parsed:
    """Year, month or day of a date."""
    whole = date(text, cell)
    parts = {
        "year": whole.value.dt.year(),
        "month": whole.value.dt.month(),
        "day": whole.value.dt.day(),
    }
    return Parsed(parts[cell.part or "day"].cast(dtype), whole.reason)


def instant(text: pl.Expr, cell: Cell, *, zone: str) -> Parsed:
    """A moment in UTC. Local texts are read in `zone`; gaps and folds as the mapping says."""
    absolute: list[pl.Expr] = []
    local: list[pl.Expr] = []
    forms = cell.formats or ["auto"]
    if "auto" in forms:
        plain = _year_first(text)
        has_offset = plain.str.contains(_OFFSET)
        offset_text = pl.when(has_offset).then(plain)
        local_text = pl.when(~has_offset).then(plain)
        with_offset = ("%Y-%m-%d %H:%M:%S%.f%z", "%Y-%m-%d %H:%M%z")
        absolute = [_with_offset(offset_text, f) for f in with_offset]
        local = [_naive(local_text, f) for f in ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M")]
    if "day" in forms:
        local.append(_naive(_year_first(text), "%Y-%m-%d"))
    for form in forms:
        if form in ("auto", "day"):
            continue
        if form in _UNIX:
            absolute.append(_from_unix(text, _UNIX[form]))
        elif "%z" in form or "%Z" in form:
            absolute.append(_with_offset(text, form))
        else:
            local.append(_naive(text, form))
    localised = _localise(pl.coalesce(local), cell, zone=zone) if local else None
    tries = [*absolute, *([localised.value] if localised else [])]
    value = pl.coalesce(tries)
    bad = _because(text.is_not_null() & value.is_null(), "bad_date")
    reason = pl.coalesce(localised.reason, bad) if localised else bad
    return _in_years(value, _INSTANT_YEARS, bad=reason)


def _in_years(value: pl.Expr, years: tuple[int, int], *, bad: pl.Expr) -> Parsed:
    inside = value.dt.year().is_between(*years)
    outside = _because(value.is_not_null() & ~inside, "out_of_range")
    return Parsed(pl.when(inside).then(value), pl.coalesce(bad, outside))


def _with_offset(text: pl.Expr, form: str) -> pl.Expr:
    parsed = text.str.strptime(pl.Datetime("us", "UTC"), form, strict=False)
    return parsed.dt.replace_time_zone(None)


def _naive(text: pl.Expr, form: str) -> pl.Expr:
    if not any(mark in form for mark in ("%H", "%I", "%T", "%R", "%X", "%s")):
        return text.str.strptime(pl.Date, form, strict=False).cast(pl.Datetime("us"))
    return text.str.strptime(pl.Datetime("us"), form, strict=False)


def _from_unix(text: pl.Expr, unit: str) -> pl.Expr:
    per_second = {"s": 1_000_000, "ms": 1_000, "us": 1}[unit]
    micros = (number(text).value * per_second).cast(pl.Int64, strict=False)
    return micros.cast(pl.Datetime("us"))


def _localise(local: pl.Expr, cell: Cell, *, zone: str) -> Parsed:
    if zone == "UTC":
        return Parsed(local, _no_reason())

    def in_utc(moment: pl.Expr, ambiguous: str) -> pl.Expr:
        return (
            moment.dt.replace_time_zone(zone, ambiguous=ambiguous, non_existent="null")  # type: ignore[arg-type] # checked by the model
            .dt.convert_time_zone("UTC")
            .dt.replace_time_zone(None)
        )

    early, late = in_utc(local, "earliest"), in_utc(local, "latest")
    # Three hours earlier the old offset still ran: that is what "forward" through a gap means.
    forward = in_utc(local.dt.offset_by("-3h"), "earliest").dt.offset_by("3h")
    gap, fold = local.is_not_null() & early.is_null(), early != late
    value = late if cell.ambiguous == "latest" else early
    if cell.ambiguous == "reject":
        value = pl.when(~fold).then(value)
    if cell.non_existent == "forward":
        value = pl.when(gap).then(forward).otherwise(value)
    reason = pl.coalesce(
        _because(gap if cell.non_existent == "reject" else pl.lit(False), "dst_gap"),
        _because(fold if cell.ambiguous == "reject" else pl.lit(False), "dst_fold"),
    )
    return Parsed(value, reason)


def parsed(text: pl.Expr, column: Column, cell: Cell, *, zone: str) -> Parsed:
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
        return Parsed(clean_text(text), _no_reason())
    wide = number(text, decimal=cell.decimal, percent=cell.percent)
    return fitted(scaled(wide, cell), kind)


def scaled(wide: Parsed, cell: Cell) -> Parsed:
    """The number times the mapping's `scale`."""
    if cell.scale is None:
        return wide
    factor = pl.lit(str(cell.scale)).cast(WIDE)
    return Parsed((wide.value * factor).cast(WIDE), wide.reason)
