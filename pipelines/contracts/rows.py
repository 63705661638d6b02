"""Which rows break an expectation, in plain SQL over the same files.

GX answers yes or no; the shelf needs the rows. Both read the same suite.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import duckdb
import polars as pl

from pipelines.contracts.suite import Expectation

# Shape of bad rows: one row per file, position and expectation. Values are never in it.
BAD_ROWS: Final = pl.Schema(
    {
        "file": pl.String(),
        "position": pl.Int64(),
        "row_no": pl.Int64(),
        "expectation": pl.String(),
        "column_name": pl.String(),
    }
)


def batch_query(files: Sequence[Path], *, located: bool = False) -> str:
    """SELECT over exactly these files; `located` adds `filename` and `file_row_number`."""
    listed = ", ".join(_literal(path) for path in files)
    places = ", filename = true, file_row_number = true" if located else ""
    return f"select * from read_parquet([{listed}], hive_partitioning = false{places})"  # noqa: S608


def _literal(path: Path) -> str:
    """A path that DuckDB opens literally: it would take brackets and stars for a pattern."""
    escaped = "".join(f"[{letter}]" if letter in "[*?" else letter for letter in str(path))
    return "'" + escaped.replace("'", "''") + "'"


def bad_rows(files: Sequence[Path], expectations: Sequence[Expectation]) -> pl.DataFrame:
    """Rows that break the expectations. Shape: BAD_ROWS, in the order of the expectations."""
    with duckdb.connect() as connection:
        found = [connection.sql(_located(files, one)).pl().cast(BAD_ROWS) for one in expectations]
    return pl.concat([pl.DataFrame(schema=BAD_ROWS), *found])


def bad_count(files: Sequence[Path], one: Expectation) -> int:
    """How many rows break the expectation; 0 for those that are about the batch."""
    if one.kind in {"columns", "row_count"}:
        return 0
    return bad_rows(files, [one]).height


def _located(files: Sequence[Path], one: Expectation) -> str:
    column = "null" if one.column is None else f"'{one.column}'"
    rows = batch_query(files, located=True)
    if one.kind == "unique":
        rows = _numbered(rows, one)
    return (
        f"select filename as file, file_row_number as position, row_no, '{one.id}' as expectation, "  # noqa: S608
        f"{column} as column_name from ({rows}) where {_breaks(one)} order by file, position"
    )


def _numbered(rows: str, one: Expectation) -> str:
    """Rows with `nth`, the last of a key in the file first: later is likelier to be right."""
    return (
        f"select *, row_number() over (partition by {', '.join(one.columns)} "  # noqa: S608
        "order by row_no desc nulls last, filename desc, file_row_number desc) as nth "
        f"from ({rows})"
    )


def _breaks(one: Expectation) -> str:
    match one.kind:
        case "required":
            return f"{one.column} is null"
        case "allowed":
            listed = ", ".join(f"'{value}'" for value in one.values)
            return f"{one.column} not in ({listed})"
        case "range":
            return _outside(one)
        case "never":
            return one.condition
        case "share":
            return f"not coalesce({one.condition}, false)"
        case "unique":
            return "nth > 1"
        case _:
            raise ValueError(f"{one.id} is about the batch, not about rows")


def _outside(one: Expectation) -> str:
    below = "<=" if one.is_strict else "<"
    bounds = [
        *([] if one.minimum is None else [f"{one.column} {below} {one.minimum}"]),
        *([] if one.maximum is None else [f"{one.column} > {one.maximum}"]),
    ]
    return " or ".join(bounds)
