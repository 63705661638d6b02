"""Which rows are news: a row that says what the newest landed version of its key says is none.

A version belongs to its key, its source and the source's own update time. Two sources that disagree
about one guest each keep their own last word, so importing either again lands nothing; and versions
may arrive late and in any order without one hiding another.
"""

import polars as pl

from pipelines.canonical import Table
from pipelines.landing.store import landed_files, scan
from pipelines.settings import Home


def line_of(table: Table) -> list[str]:
    """Columns that name one line of versions, of which the last landed is in force."""
    derived = ["is_derived"] if "is_derived" in table.names else []
    return ["shop_id", *table.key, "source", *derived, "source_updated_at"]


def only_news(home: Home, table: Table, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows that change something, in their own order.

    Versions within `rows` follow each other by row number. A→B→A is three versions. A key that is
    null somewhere is always news: the contract refuses it later, with its row number.
    """
    if rows.is_empty():
        return rows
    line = line_of(table)
    before = pl.col("row_hash").shift(1).over(line)
    known = _newest(home, table, rows.select(line).unique())
    complete = pl.all_horizontal(pl.col(name).is_not_null() for name in table.key)
    return (
        rows.with_row_index("_position")
        .sort("row_no", "_position", nulls_last=False)
        .join(known, on=line, how="left", validate="m:1", nulls_equal=True, maintain_order="left")
        .with_columns(pl.coalesce(before, "_landed").alias("_before"))
        .filter(~(complete & (pl.col("row_hash") == pl.col("_before")).fill_null(value=False)))
        .sort("_position")
        .select(rows.columns)
    )


def _newest(home: Home, table: Table, wanted: pl.DataFrame) -> pl.DataFrame:
    """Content hash of the newest landed version of each wanted line: `_landed`.

    Reads the keys of the whole table and keeps the wanted ones only: a changed date moves a row to
    another month, so no month can be left out.
    """
    line = line_of(table)
    files = landed_files(home, table.name)
    if not files:
        return wanted.clear().with_columns(pl.lit(None, pl.String).alias("_landed"))
    newest = pl.col("row_hash").sort_by("loaded_at", "row_no").last()
    return (
        scan(files)
        .select(*line, "row_hash", "loaded_at", "row_no")
        .join(wanted.lazy(), on=line, how="semi", nulls_equal=True)
        .group_by(line)
        .agg(newest.alias("_landed"))
        .collect(engine="streaming")
    )
