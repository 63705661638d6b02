"""Months as a person reads them off the shop's own screen. What was typed last counts."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

import polars as pl
import sqlalchemy as sa

from pipelines import state
from pipelines.actors import Actor, Role
from pipelines.canonical import TABLES
from pipelines.requests.model import BadRequest
from pipelines.settings import Home

TABLE: Final = "shop_screen_months"


@dataclass(frozen=True)
class ScreenMonth:
    """One month of the shop's screen; what was not read is None. Units: major currency units."""

    shop_id: str
    month_on: date
    order_count: int | None
    order_amount: Decimal | None
    actor: str
    typed_at: datetime


def type_screen_month(
    home: Home,
    shop_id: str,
    month_on: date,
    *,
    order_count: int | None,
    order_amount: Decimal | None,
    by: Actor,
    at: datetime,
) -> None:
    """Write down what somebody read; a later line of the same month takes its place.

    Raises: NotAllowed; BadRequest for nothing read, orders below zero, or what is no first day of a
    month that has begun.
    """
    by.must_be(Role.EXPORTER, to="type figures of the shop's screen")
    if order_count is None and order_amount is None:
        raise BadRequest("no figure was typed; give the orders, the amount or both")
    if order_count is not None and order_count < 0:
        raise BadRequest(f"{order_count} orders cannot be; a count is 0 or more")
    if month_on.day != 1 or month_on > at.date():
        raise BadRequest(f"{month_on} is no month that has begun; give its first day")
    row = {
        "shop_id": shop_id, "month_on": month_on, "order_count": order_count,
        "order_amount": None if order_amount is None else str(order_amount),
        "actor": by.name, "role": str(by.role), "origin": str(by.origin), "typed_at": at,
    }  # fmt: skip
    with state.writing(state.requests_engine(home)) as connection:
        connection.execute(state.typed_screen_months.insert().values(row))


def screen_months_of(home: Home, shop_id: str) -> list[ScreenMonth]:
    """What was typed last of each month, oldest month first."""
    table = state.typed_screen_months
    query = sa.select(table).where(table.c.shop_id == shop_id).order_by(table.c.screen_no)
    with state.reading(state.requests_engine(home)) as connection:
        rows = connection.execute(query).mappings().all()
    newest = {row["month_on"]: row for row in rows}
    return [_month(newest[month]) for month in sorted(newest)]


def _month(row: sa.RowMapping) -> ScreenMonth:
    amount = row["order_amount"]
    return ScreenMonth(
        row["shop_id"], row["month_on"], row["order_count"],
        None if amount is None else Decimal(amount), row["actor"], row["typed_at"],
    )  # fmt: skip


def screen_rows(home: Home, shop_id: str) -> pl.DataFrame:
    """The same, to be landed. Shape: canonical `shop_screen_months` without the tail."""
    schema = {column.name: column.dtype for column in TABLES[TABLE].columns}
    rows = [
        {
            "shop_id": shop_id, "screen_month_on": one.month_on, "order_count": one.order_count,
            "order_amount": one.order_amount, "seen_at": one.typed_at.replace(tzinfo=None),
        }
        for one in screen_months_of(home, shop_id)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=schema)
