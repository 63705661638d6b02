"""Foreign money in the shop's own currency, converted once.

Source: definitions, section 1. The rate is the newest one at or before the day of the row; without
one the money is NULL, the row still counts. Rounded to the shop currency's smallest unit, halves
away from zero.
"""

from typing import Final

import polars as pl
from babel.numbers import get_currency_precision

from pipelines.canonical import MONEY, TABLES, Table
from pipelines.landing.facts import Place

NO_RATE: Final = "no_exchange_rate"
# Rows that carry no currency of their own take the one of the row they belong to.
PARENTS: Final = {
    "order_items": ("orders", "order_id"),
    "order_adjustments": ("orders", "order_id"),
    "refunds": ("orders", "order_id"),
    "cart_items": ("carts", "cart_id"),
}
_RATE: Final = "_rate"
_FOREIGN: Final = "_foreign"


def money_columns(table: Table) -> list[str]:
    """Amounts of a table in the currency of its row; the kept originals are not among them."""
    return [
        column.name
        for column in table.columns
        if column.dtype == MONEY and not column.name.startswith(("original_", "points_balance"))
    ]


def rates_of_rows(frame: pl.DataFrame, table: Table, *, place: Place) -> pl.DataFrame | None:
    """Rates of a table's foreign rows. Shape: one row per key column and `_rate` (null: unknown).

    None when the table states no currency or every row is in the shop's.
    """
    if place.currency is None or table.at is None or "currency" not in table.names:
        return None
    day = f"{table.at[:-3]}_on"
    foreign = frame.filter(pl.col("currency") != place.currency)
    if foreign.is_empty():
        return None
    wanted = foreign.select(*table.key, "currency", pl.col(day).alias("day_on")).sort("day_on")
    rates = place.rates
    if rates is None or rates.is_empty():
        return wanted.select(*table.key, pl.lit(None, pl.Decimal(38, 8)).alias(_RATE))
    return wanted.join_asof(
        rates.sort("day_on"), on="day_on", by="currency", check_sortedness=False
    ).select(*table.key, pl.col("exchange_rate").cast(pl.Decimal(38, 8)).alias(_RATE))


def convert(
    frame: pl.DataFrame, table: Table, *, rates: pl.DataFrame | None, key: str, currency: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows in the shop's currency, and those that cannot be: a required amount has no rate.

    Invariant: the currency named in a row is that of its amounts; the original total stays beside.
    """
    if rates is None:
        return frame, frame.clear()
    known = rates.unique(subset=[key], keep="last").with_columns(pl.lit(value=True).alias(_FOREIGN))
    marked = frame.join(known.select(key, _RATE, _FOREIGN), on=key, how="left", validate="m:1")
    foreign = pl.col(_FOREIGN).fill_null(value=False)
    digits = get_currency_precision(currency)
    amounts = money_columns(table)
    converted = [
        pl.when(foreign)
        .then(
            (pl.col(name).cast(pl.Decimal(38, 4)) * pl.col(_RATE))
            .round(digits, mode="half_away_from_zero")
            .cast(MONEY)
        )
        .otherwise(pl.col(name))
        .alias(name)
        for name in amounts
    ]
    kept = _originals(table, foreign)
    own = [pl.when(foreign).then(pl.lit(currency)).otherwise("currency").alias("currency")]
    done = marked.with_columns(*kept).with_columns(
        *converted, *(own if "currency" in table.names else [])
    )
    lost = foreign & pl.col(_RATE).is_null() & pl.lit(value=_needs_money(table))
    return (
        _without_refund_gap(done.filter(~lost), table).select(frame.columns),
        frame.filter(marked.select(lost.alias("lost"))["lost"]),
    )


def _originals(table: Table, foreign: pl.Expr) -> list[pl.Expr]:
    if "original_currency" not in table.names:
        return []
    return [
        pl.when(foreign).then(pl.coalesce(theirs, ours)).otherwise(pl.col(theirs)).alias(theirs)
        for theirs, ours in (
            ("original_currency", "currency"),
            ("original_total_amount", "total_amount"),
        )
    ]


def _needs_money(table: Table) -> bool:
    """Whether a row of a dependent table says nothing without its amount."""
    amounts = set(money_columns(table))
    return table.name in PARENTS and any(c.required and c.name in amounts for c in table.columns)


def _without_refund_gap(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """An order without a rate has no known refund either; the column must not be null, so zero."""
    if table.name != "orders":
        return frame
    return frame.with_columns(pl.col("refunded_amount").fill_null(0))


def parent_of(table: str) -> tuple[Table, str] | None:
    """Table and key that state the currency of a dependent table's rows."""
    found = PARENTS.get(table)
    return None if found is None else (TABLES[found[0]], found[1])
