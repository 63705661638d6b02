"""Moments in time from text: unix counts, offsets, and local times with their gaps and folds."""

from typing import Final

import polars as pl

from pipelines.sources.model import Cell
from pipelines.sources.parsed import Parsed, because

_YEARS: Final = (1990, 2099)
_OFFSET: Final = r"[+-]\d{2}:?\d{2}$"
_PER_SECOND: Final = {"unix_s": 1_000_000, "unix_ms": 1_000, "unix_us": 1}
_TIME_MARKS: Final = ("%H", "%I", "%T", "%R", "%X", "%s")
_MICROS: Final = pl.Datetime("us")
_NAMED: Final = ("auto", "day")


def year_first(text: pl.Series) -> pl.Series:
    """Dates of year, month, day in any common dress as `2026-5-14 1:02:03`."""
    if bool(text.str.contains(r"^\d{4}-\d{2}-\d{2}( \d{2}:\d{2}:\d{2})?$").all()):
        return text
    return (
        text.str.normalize("NFKC")
        .str.replace(r"^(\d{4})[/.年](\d{1,2})[/.月](\d{1,2})日?", "$1-$2-$3")
        .str.replace(r"^(\d{4})(\d{2})(\d{2})\b", "$1-$2-$3")
        .str.replace(r"^(\d{4}-\d{1,2}-\d{1,2})[T ]+", "$1 ")
        .str.replace(r"\s*(UTC|GMT|Z)$", "+00:00")
        .str.replace(r"\s+([+-]\d{2}:?\d{2})$", "$1")
    )


def instant(text: pl.Series, cell: Cell, *, zone: str) -> Parsed:
    """A moment in UTC. Local texts are read in `zone`; gaps and folds as the mapping says."""
    forms = cell.formats or ["auto"]
    plain = year_first(text) if set(forms) & set(_NAMED) else text
    absolute: list[pl.Series] = []
    local: list[pl.Series] = []
    if "auto" in forms:
        absolute += [_with_offset(plain, f) for f in _offset_forms(plain)]
        local += [_naive(plain, f) for f in ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M")]
    if "day" in forms:
        local.append(_naive(plain, "%Y-%m-%d"))
    for form in [f for f in forms if f not in _NAMED]:
        if form in _PER_SECOND:
            absolute.append(_from_unix(text, _PER_SECOND[form]))
        elif "%z" in form:
            absolute.append(_with_offset(text, form))
        else:
            local.append(_naive(text, form))
    return _settled(text, absolute, local, cell=cell, zone=zone)


def _settled(
    text: pl.Series, absolute: list[pl.Series], local: list[pl.Series], *, cell: Cell, zone: str
) -> Parsed:
    columns = [s.alias(f"a{i}") for i, s in enumerate(absolute)]
    columns += [s.alias(f"l{i}") for i, s in enumerate(local)]
    nothing = pl.lit(None, dtype=_MICROS)
    inside = pl.col("found").dt.year().is_between(*_YEARS)
    frame = (
        pl.DataFrame([text.alias("text"), *columns])
        .lazy()
        .select(
            "text",
            absolute=pl.coalesce([*(s.name for s in columns if s.name[0] == "a"), nothing]),
            local=pl.coalesce([*(s.name for s in columns if s.name[0] == "l"), nothing]),
        )
    )
    found = (
        _localised(frame, cell, zone=zone)
        .with_columns(found=pl.coalesce("absolute", "in_utc"))
        .select(
            value=pl.when(inside).then("found"),
            reason=pl.when(pl.col("found").is_null())
            .then(pl.coalesce("zone_reason", because(pl.col("text").is_not_null(), "bad_date")))
            .when(~inside)
            .then(pl.lit("out_of_range")),
        )
        .collect()
    )
    return Parsed.of(found)


def _offset_forms(plain: pl.Series) -> tuple[str, ...]:
    """Forms with an offset, when any cell has one: parsing in vain costs as much as parsing."""
    if not plain.str.contains(_OFFSET).any():
        return ()
    return ("%Y-%m-%d %H:%M:%S%.f%z", "%Y-%m-%d %H:%M%z")


def _with_offset(text: pl.Series, form: str) -> pl.Series:
    parsed = text.str.strptime(pl.Datetime("us", "UTC"), form, strict=False)
    return parsed.dt.replace_time_zone(None)


def _naive(text: pl.Series, form: str) -> pl.Series:
    if not any(mark in form for mark in _TIME_MARKS):
        return text.str.strptime(pl.Date, form, strict=False).cast(_MICROS)
    return text.str.strptime(_MICROS, form, strict=False)


def _from_unix(text: pl.Series, factor: int) -> pl.Series:
    # Decimals and no float: a float of microseconds since 1970 would already be rounded.
    count = text.str.strip_chars().cast(pl.Decimal(38, 6), strict=False)
    return (count * factor).cast(pl.Int64, strict=False).cast(_MICROS)


def _localised(frame: pl.LazyFrame, cell: Cell, *, zone: str) -> pl.LazyFrame:
    """The frame with `in_utc` and `zone_reason` for the local times."""
    if zone == "UTC":
        return frame.with_columns(in_utc="local", zone_reason=pl.lit(None, dtype=pl.String))
    before = pl.col("local").dt.offset_by("-3h")
    gap = pl.col("local").is_not_null() & pl.col("early").is_null()
    fold = pl.col("early") != pl.col("late")
    chosen = pl.col("late" if cell.ambiguous == "latest" else "early")
    if cell.ambiguous == "reject":
        chosen = pl.when(~fold).then(chosen)
    if cell.non_existent == "forward":
        chosen = pl.when(gap).then("forward").otherwise(chosen)
    return frame.with_columns(
        early=_in_utc(pl.col("local"), zone, latest=False),
        late=_in_utc(pl.col("local"), zone, latest=True),
        # Three hours earlier the old offset still ran: that is "forward" through a gap.
        forward=_in_utc(before, zone, latest=False).dt.offset_by("3h"),
    ).with_columns(
        in_utc=chosen,
        zone_reason=pl.coalesce(because(gap, "dst_gap"), because(fold, "dst_fold")),
    )


def _in_utc(moment: pl.Expr, zone: str, *, latest: bool) -> pl.Expr:
    placed = moment.dt.replace_time_zone(
        zone, ambiguous="latest" if latest else "earliest", non_existent="null"
    )
    return placed.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
