"""A small shop for landing's tests: its facts, and extracts as a source would hand them over."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import polars as pl

from pipelines import landing
from pipelines.canonical import TABLES
from pipelines.landing.batch import REFUSED
from pipelines.landing.facts import Judge
from pipelines.settings import Home

LOADED = dt.datetime(2026, 11, 20, 3, tzinfo=dt.UTC)
NO_REJECTS = pl.DataFrame(schema=REFUSED)


@dataclass(frozen=True)
class Rate:
    day_on: dt.date
    currency: str
    exchange_rate: Decimal


@dataclass(frozen=True)
class SmallShop:
    id: str = "small"
    timezone: str = "Asia/Tokyo"
    currency: str = "JPY"
    pepper: str | None = "a pepper for tests only"
    version: str = "v1"
    exchange_rates: tuple[Rate, ...] = ()


@dataclass(frozen=True)
class Part:
    table: str
    frame: pl.DataFrame
    rows_read: int
    duplicates: int = 0
    rejects: pl.DataFrame = field(default_factory=lambda: NO_REJECTS)


@dataclass(frozen=True)
class File:
    batches: Sequence[Part]
    sha256: str = "a" * 64
    source_key: str = "eccube"
    file_name: str = "orders.csv"
    nbytes: int = 100
    encoding: str | None = "cp932"
    mapping_version: str = "m1"


@dataclass(frozen=True)
class Broken:
    expectation: str
    column: str | None = None
    unexpected_count: int = 1
    description: str = "said in words"


@dataclass(frozen=True)
class Answer:
    ok: bool = True
    failed: tuple[Broken, ...] = ()
    bad_rows: pl.DataFrame | None = None


def welcome(files: Sequence[Path], table: str) -> Answer:
    """A contract that keeps nobody out."""
    return Answer()


def instant(text: str) -> dt.datetime:
    """UTC without zone, as frames hold it."""
    return dt.datetime.fromisoformat(text)


def order(number: int, **changes: object) -> dict[str, object]:
    """One order as a mapping gives it."""
    return {
        "order_id": f"eccube:{number}",
        "customer_id": f"eccube:{number}",
        "is_guest": False,
        "ordered_at": instant("2026-11-01T03:00:00"),
        "ordered_precision": "instant",
        "source_status": "new",
        "currency": "JPY",
        "total_amount": Decimal(1000),
        "refunded_amount": Decimal(0),
        "row_no": number + 1,
    } | changes


def customer(number: int, **changes: object) -> dict[str, object]:
    return {
        "customer_id": f"eccube:{number}",
        "is_member": True,
        "is_derived": False,
        "member_state": "active",
        "row_no": number + 1,
    } | changes


def mail_event(**changes: object) -> dict[str, object]:
    return {
        "provider": "sendgrid",
        "event_key": "e1",
        "event_type": "open",
        "occurred_at": instant("2026-11-02T00:00:00"),
    } | changes


def frame_of(table: str, rows: Sequence[dict[str, object]]) -> pl.DataFrame:
    """Rows in the canonical types, only the columns that are given."""
    known = TABLES[table].schema
    names = list(dict.fromkeys(name for row in rows for name in row))
    schema = {name: known.get(name, pl.String()) for name in names}
    return pl.DataFrame([dict.fromkeys(names) | row for row in rows], schema=schema)


def part(table: str, *rows: dict[str, object]) -> Part:
    return Part(table, frame_of(table, rows), len(rows))


def orders_file(*rows: dict[str, object], sha256: str = "a" * 64, **facts: str) -> File:
    return File((part("orders", *rows),), sha256=sha256, **facts)


def later(minutes: int) -> dt.datetime:
    return LOADED + dt.timedelta(minutes=minutes)


def prepared(home: Home, file: File, *, minutes: int = 0, **shop: object) -> landing.PreparedFile:
    """The file's tables as they will lie."""
    small = SmallShop(**shop)  # type: ignore[arg-type]
    return landing.prepare(home, small, file, loaded_at=later(minutes))


def land(
    home: Home, file: File, *, judge: Judge = welcome, minutes: int = 0, **shop: object
) -> landing.Landed:
    """The file landed, if nothing else is said with a contract that keeps nobody out."""
    return landing.land_file(home, prepared(home, file, minutes=minutes, **shop), judge=judge)
