"""A snapshot's file, locked down, and its answers as frames: in parts, and in memory of their own.

A million people fit into memory by it. Units: instants naive UTC.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Final

import duckdb
import polars as pl

# Rows of an answer that come at once.
_READ: Final = 10_000


def reader(path: Path) -> duckdb.DuckDBPyConnection:
    """A file of a snapshot, opened for nothing but reading it."""
    # read_only alone still reads and writes any file of this user; all three together do not.
    return duckdb.connect(
        str(path),
        read_only=True,
        config={"enable_external_access": "false", "lock_configuration": "true"},
    )


def answered(query: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """A question's rows. Few at a time: what a large answer was grown in stays taken after it."""
    found = query.to_arrow_reader(_READ)
    return pl.concat(map(pl.DataFrame, [*found] or [found.schema.empty_table()]))


def answers(query: duckdb.DuckDBPyConnection, *, count: int, size: int) -> Iterator[pl.DataFrame]:
    """What a question answers of `n` from 0 to `count`, in its order, of so many at a time.

    Shape: a frame for each of them, with `n` counted from its first; one of nobody for nobody.
    """
    found = query.to_arrow_reader(_READ)
    left = none = pl.DataFrame(found.schema.empty_table())
    for start in range(0, max(count, 1), max(size, 1)):
        is_beyond = pl.col("n") >= start + size
        here = [left.filter(~is_beyond)]
        left = left.filter(is_beyond)
        while left.is_empty() and (more := next(found, None)) is not None:
            some = pl.DataFrame(more)
            here.append(some.filter(~is_beyond))
            left = some.filter(is_beyond)
        yield pl.concat([none, *here]).with_columns(pl.col("n") - start)


def owned(found: pl.DataFrame) -> pl.DataFrame:
    """The frame in memory of its own: a database's answer is held whole while a column of it is."""
    copy = BytesIO()
    found.write_ipc(copy)
    copy.seek(0)
    return pl.read_ipc(copy)


def parts(people: pl.DataFrame, size: int) -> list[pl.DataFrame]:
    """The people in their order, so many at a time; of nobody, one part of nobody."""
    return list(people.iter_slices(size)) if people.height else [people]


def naive(at: datetime) -> datetime:
    """An aware instant as frames and files hold it: UTC, without saying so."""
    return at.astimezone(UTC).replace(tzinfo=None)


def in_utc(found: pl.DataFrame) -> pl.DataFrame:
    """The frame with every instant as frames hold it, whatever the file's own type."""
    return found.with_columns(
        pl.col(name).cast(pl.Datetime("us"))
        if type_ == pl.Date
        else pl.col(name).dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        for name, type_ in found.schema.items()
        if name.endswith("_at") and (type_ == pl.Date or getattr(type_, "time_zone", None))
    )
