"""An extract's tables as they will lie: shop, dates, hashes, the shop's own currency, tail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import polars as pl

from pipelines.canonical import EXCHANGE, TABLES, TEXT, Table
from pipelines.landing.batch import REFUSED, Batch, Prepared, require_conserved
from pipelines.landing.facts import ExtractFacts, Place, ShopFacts, TableBatchFacts
from pipelines.landing.money import NO_RATE, convert, parent_of, rates_of_rows
from pipelines.landing.prepare import canonical_rows, with_tail
from pipelines.settings import Home

Rates = Mapping[str, pl.DataFrame | None]


@dataclass(frozen=True)
class _Shaped:
    """Canonical rows of one table before their tail, with the counts they came with."""

    table: Table
    rows: pl.DataFrame
    rows_read: int
    rows_duplicate: int
    refused: pl.DataFrame


def place_of(home: Home, shop: ShopFacts) -> Place:
    """What rows need of their shop."""
    rates = pl.DataFrame(
        [(rate.day_on, rate.currency, rate.exchange_rate) for rate in shop.exchange_rates],
        schema={"day_on": pl.Date, "currency": TEXT, "exchange_rate": EXCHANGE},
        orient="row",
    )
    return Place(
        shop_id=shop.id,
        zone=shop.timezone,
        # Only a demo may name its key in the open; everybody else's lies in the home.
        pepper=shop.pepper.encode() if shop.pepper else home.pepper,
        currency=shop.currency,
        rates=rates,
    )


def prepared_tables(extract: ExtractFacts, batch: Batch, *, place: Place) -> list[Prepared]:
    """One part per canonical table of the extract, sorted by name."""
    by_table = sorted(extract.batches, key=lambda part: part.table)
    shaped = {
        name: _merged([_shaped(part, place=place) for part in parts])
        for name, parts in groupby(by_table, key=lambda part: part.table)
    }
    rates = {
        name: rates_of_rows(part.rows, part.table, place=place) for name, part in shaped.items()
    }
    return [
        _with_tail(_in_own_currency(part, rates, place=place), batch) for part in shaped.values()
    ]


def _shaped(part: TableBatchFacts, *, place: Place) -> _Shaped:
    """One part in canonical columns.

    Raises: ConservationBroken when rows, refusals and duplicates are not all that was read.
    """
    counted = part.frame.height + part.rejects.height + part.duplicates
    require_conserved(part.table, part.rows_read, counted)
    table = TABLES[part.table]
    rows = canonical_rows(part.frame, table, place=place)
    once = _one_row_per_buyer(rows, table)
    return _Shaped(
        table=table,
        rows=once,
        rows_read=part.rows_read,
        rows_duplicate=part.duplicates + rows.height - once.height,
        refused=_refused(part.rejects),
    )


def _refused(rejects: pl.DataFrame) -> pl.DataFrame:
    """Refusals of a mapping; columns it does not report are unknown."""
    missing = [
        pl.lit(None, dtype).alias(name)
        for name, dtype in REFUSED.items()
        if name not in rejects.columns
    ]
    return rejects.with_columns(missing).select(
        pl.col(name).cast(dtype) for name, dtype in REFUSED.items()
    )


def _one_row_per_buyer(rows: pl.DataFrame, table: Table) -> pl.DataFrame:
    """A buyer made up from several orders of one file is one customer, as the last order says.

    The mapping cannot see this: a guest has no id until his address is hashed here.
    """
    if table.name != "customers":
        return rows
    numbered = rows.with_row_index("_position")
    buyers = (
        numbered.filter(pl.col("is_derived") & pl.col("customer_id").is_not_null())
        .sort("source_updated_at", "row_no", "_position", nulls_last=False)
        .unique(subset=["customer_id"], keep="last")
    )
    others = numbered.join(buyers, on="_position", how="anti").filter(
        ~(pl.col("is_derived") & pl.col("customer_id").is_not_null()).fill_null(value=False)
    )
    return pl.concat([others, buyers]).sort("_position").drop("_position")


def _merged(parts: Sequence[_Shaped]) -> _Shaped:
    return _Shaped(
        table=parts[0].table,
        rows=pl.concat([part.rows for part in parts]),
        rows_read=sum(part.rows_read for part in parts),
        rows_duplicate=sum(part.rows_duplicate for part in parts),
        refused=pl.concat([part.refused for part in parts]),
    )


def _in_own_currency(part: _Shaped, rates: Rates, *, place: Place) -> _Shaped:
    """Money in the shop's currency; a line whose amount has no rate is refused and counted."""
    parent = parent_of(part.table.name)
    on = part.table.key if parent is None else (parent[1],)
    found = rates.get(part.table.name if parent is None else parent[0].name)
    if found is None or place.currency is None:
        return part
    rows, lost = convert(part.rows, part.table, rates=found, key=on[0], currency=place.currency)
    refused = lost.select(
        "row_no",
        pl.lit(NO_RATE).alias("reason_code"),
        pl.lit(None, TEXT).alias("column_name"),
        pl.lit(None, TEXT).alias("value_masked"),
        pl.lit(None, TEXT).alias("raw_masked"),
    ).match_to_schema(REFUSED)
    return _Shaped(
        table=part.table,
        rows=rows,
        rows_read=part.rows_read,
        rows_duplicate=part.rows_duplicate,
        refused=pl.concat([part.refused, refused]),
    )


def _with_tail(part: _Shaped, batch: Batch) -> Prepared:
    rows = with_tail(part.rows, part.table, origin=batch.origin, loaded_at=batch.loaded_at)
    return Prepared(part.table, rows, part.rows_read, part.rows_duplicate, part.refused)
