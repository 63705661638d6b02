"""Orders and amounts per month, to be held against the shop's own screen."""

from collections.abc import Iterable, Sequence
from typing import Final

import polars as pl

from pipelines import keys
from pipelines.onboarding.report import Month, OpenStatus
from pipelines.shop import StatusRow

ORDERS: Final = pl.Schema(
    {
        "source_key": pl.String(),
        "order_id": pl.String(),
        "ordered_at": pl.Datetime("us"),
        "source_status": pl.String(),
        "currency": pl.String(),
        "goods_amount": pl.Decimal(18, 4),
        "total_amount": pl.Decimal(18, 4),
        "refunded_amount": pl.Decimal(18, 4),
        "email": pl.String(),
    }
)
STATUSES: Final = pl.Schema(
    {"source_key": pl.String(), "source_status": pl.String(), "is_sale": pl.Boolean()}
)


def order_rows(source_key: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The columns of an orders frame that the months need. Shape: ORDERS."""
    return frame.with_columns(source_key=pl.lit(source_key)).select(ORDERS.names()).cast(ORDERS)


def orders_of(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """All orders, each once: the last file that names one wins. Shape: ORDERS, key order_id."""
    if not frames:
        return ORDERS.to_frame()
    return pl.concat(frames).unique("order_id", keep="last", maintain_order=True)


def without_addresses(orders: pl.DataFrame, excluded: Sequence[str]) -> pl.DataFrame:
    """Orders of nobody's own or test address, as everywhere else."""
    if not excluded:
        return orders
    addresses = {keys.email_key(a) for a in excluded if a.rpartition("@")[0]}
    domains = {a.rpartition("@")[2] for a in excluded if not a.rpartition("@")[0]}
    own = [
        email
        for email in orders["email"].drop_nulls().unique()
        if (key := keys.email_key(email)) in addresses or (key or "").rpartition("@")[2] in domains
    ]
    return orders.filter(~pl.col("email").is_in(own).fill_null(value=False))


def status_frame(defaults: Iterable[StatusRow], own: Iterable[StatusRow]) -> pl.DataFrame:
    """What each status means, the shop's word over the mapping's. Shape: STATUSES."""
    merged = {(r.source, r.status): r.is_sale for r in (*defaults, *own)}
    rows = [(source, status, is_sale) for (source, status), is_sale in merged.items()]
    return pl.DataFrame(rows, schema=STATUSES, orient="row")


def open_statuses(orders: pl.DataFrame, statuses: pl.DataFrame) -> tuple[OpenStatus, ...]:
    """Statuses that stand in the orders and nowhere in the map, most frequent first."""
    found = (
        orders.join(statuses, on=["source_key", "source_status"], how="anti")
        .group_by("source_key", "source_status")
        .agg(order_count=pl.len())
        .sort("order_count", "source_key", "source_status", descending=[True, False, False])
    )
    return tuple(
        OpenStatus(source, status or "", count)
        for source, status, count in found.select(
            "source_key", "source_status", "order_count"
        ).iter_rows()
    )


def months(orders: pl.DataFrame, statuses: pl.DataFrame, *, zone: str) -> tuple[Month, ...]:
    """One row per month of the shop's zone and currency; amounts are of sales alone.

    Amounts are as the shop's screen shows them, before refunds, and refunds stand beside.
    """
    is_sale = pl.col("is_sale")
    amounts = {
        name: pl.col(name).filter(is_sale).sum()
        for name in ("goods_amount", "total_amount", "refunded_amount")
    }
    nothing = pl.col("goods_amount").is_null() & pl.col("total_amount").is_null()
    counted = (
        orders.join(statuses, on=["source_key", "source_status"], how="left", validate="m:1")
        .with_columns(pl.col("is_sale").fill_null(value=False))
        .with_columns(
            month=pl.col("ordered_at")
            .dt.replace_time_zone("UTC")
            .dt.convert_time_zone(zone)
            .dt.date()
            .dt.month_start()
        )
        .group_by("month", "currency")
        .agg(
            order_count=is_sale.sum().cast(pl.Int64),
            **amounts,
            not_sale_count=(~is_sale).sum().cast(pl.Int64),
            unknown_amount_count=(is_sale & nothing).sum().cast(pl.Int64),
        )
        .sort("month", "currency")
    )
    return tuple(Month(**row) for row in counted.to_dicts())
