"""Which rows are news: a row that says what the newest landed version of its key says is none.

A version belongs to its key *and its source*: two sources that disagree about one guest each keep
their own last word, so importing either again lands nothing.
"""

import polars as pl

from pipelines.canonical import Table
from pipelines.landing.store import landed_files, scan
from pipelines.settings import Home

_ORDER = ["source_updated_at", "loaded_at", "row_no"]


def lineage(table: Table) -> list[str]:
    """Columns that name one line of versions."""
    derived = ["is_derived"] if "is_derived" in table.names else []
    return ["shop_id", *table.key, "source", *derived]


def only_news(home: Home, table: Table, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows that change something, in their own order.

    Versions of one key within `rows` follow each other by the source's own time, then by row
    number. A→B→A is three versions. A key that is null somewhere is always news: the contract
    refuses it later, with its row number.
    """
    if rows.is_empty():
        return rows
    line = lineage(table)
    ordered = rows.with_row_index("_position").sort(
        "source_updated_at", "row_no", "_position", nulls_last=False
    )
    before = pl.col("row_hash").shift(1).over(line)
    known = _newest(home, table, rows.select(line).unique())
    judged = ordered.join(known, on=line, how="left", validate="m:1", maintain_order="left")
    first = pl.int_range(pl.len()).over(line) == 0
    same_as_landed = (pl.col("row_hash") == pl.col("_by_landing")) & (
        pl.col("row_hash") == pl.col("_by_source")
    )
    repeated = pl.when(first).then(same_as_landed).otherwise(pl.col("row_hash") == before)
    complete = pl.all_horizontal(pl.col(name).is_not_null() for name in line)
    return (
        judged.filter(~(repeated.fill_null(value=False) & complete))
        .sort("_position")
        .select(rows.columns)
    )


def _newest(home: Home, table: Table, wanted: pl.DataFrame) -> pl.DataFrame:
    """Content hash of the newest landed version of each wanted line.

    By time of landing and by the source's own time: where the two disagree, a late old version
    has landed after a newer one, and only a row that equals both can be left out.
    """
    line = lineage(table)
    files = landed_files(home, table.name)
    if not files:
        return wanted.clear().with_columns(
            pl.lit(None, pl.String).alias("_by_landing"),
            pl.lit(None, pl.String).alias("_by_source"),
        )
    landed = (
        scan(files)
        .select(*line, "row_hash", *_ORDER)
        .join(wanted.lazy(), on=line, how="semi")
        .collect(engine="streaming")
    )
    by_landing = pl.col("row_hash").sort_by("loaded_at", "source_updated_at", "row_no").last()
    by_source = pl.col("row_hash").sort_by("source_updated_at", "loaded_at", "row_no").last()
    return landed.group_by(line).agg(by_landing.alias("_by_landing"), by_source.alias("_by_source"))
