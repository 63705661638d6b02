"""A warehouse built by dbt from a handful of rows: what every test of a model stands on.

Rows name only the columns a test is about; the rest is filled from the canonical table. One call
starts dbt once, so a test module builds once and asks many questions (a session-scoped fixture),
with one `shop_id` per case.
"""

import fcntl
import hashlib
import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache, partial
from pathlib import Path
from typing import IO, Final
from zoneinfo import ZoneInfo

import duckdb
import polars as pl

from pipelines import keys
from pipelines.canonical import TABLES, TAIL, Column, Table
from pipelines.settings import DBT_PROJECT

Row = Mapping[str, object]
AS_OF: Final = datetime(2026, 11, 1, tzinfo=UTC)
SHOP: Final = "shop"
PEPPER: Final = b"tests only"

THRESHOLDS: Final = {
    "cart_idle_minutes": 60, "cart_expiry_days": 30, "session_gap_minutes": 30,
    "recovery_window_days": 7, "eligibility_hours": 24, "browse_min_views": 2,
    "max_accounts_per_email": 10, "loyal_order_count": 5, "interval_horizon_days": 365,
    "coupon_gap_days": 90, "catch_up_days": 3, "winback_months": 3, "second_purchase_days": 0,
    "new_days": 14, "motivation_low": 10, "motivation_high": 25, "hesitating_below_order_count": 2,
    "look_back_months": 3, "small_n": 30, "hide_below": 5,
    "smallest_effect_bp": 100, "planned_persons_per_arm": 0,
    "status_is_fixed": 0, "status_slowing_days": 90, "status_at_risk_days": 180,
    "status_dormant_days": 365,
}  # fmt: skip
# Status → (order_state, is_sale) of source `test`, as a shop's status map would say.
STATUSES: Final = {
    "placed": True, "paid": True, "shipped": True, "completed": True, "partially_refunded": True,
    "draft": False, "cancelled": False, "returned": False, "refunded": False, "failed": False,
}  # fmt: skip
# Values of required text columns that would otherwise be their own column's name.
TEXT: Final = {
    "currency": "JPY", "source_status": "paid", "timezone": "Asia/Tokyo", "scope": "global",
    "provider": "test", "source_key": "test", "code_version": "test", "settings_version": "test",
    "measured_from": "last_activity", "segment_key": "cart_recovery", "arm_key": "a",
    "destination": "test",
}  # fmt: skip


class DbtFailed(AssertionError):
    """dbt did not build; the message is the end of its own output."""


def build(
    rows: Mapping[str, Sequence[Row]],
    folder: Path,
    *,
    select: str | None = None,
    as_of: datetime = AS_OF,
    shop_ids: Iterable[str] = (SHOP,),
) -> duckdb.DuckDBPyConnection:
    """Read-only connection to the warehouse dbt builds from `rows` (canonical table → its rows).

    Shape: one shop per `shop_id` found in `rows` or named in `shop_ids`, each with a run as of
    `as_of`, default settings and its days; a given row replaces the default of the same key, a
    given run its shop's default run.
    Raises: DbtFailed with dbt's own output; KeyError for a column no table has.
    """
    landing = folder / "landing"
    write_landing(rows, landing, as_of=as_of, shop_ids=shop_ids)
    warehouse = folder / "build.duckdb"
    link = _leading_to(folder)
    run_dbt(
        ["build", "--exclude-resource-type", "unit_test",
         # A test that also reads a model nobody selected has nothing to read.
         *(["--select", select, "--indirect-selection", "buildable"] if select else [])],
        _place(),
        landing=link / "landing",
        warehouse=link / "build.duckdb",
    )  # fmt: skip
    return duckdb.connect(str(warehouse), read_only=True)


def run_dbt(
    arguments: Sequence[str],
    folder: Path,
    *,
    landing: Path,
    warehouse: Path,
    project: Path = DBT_PROJECT,
) -> str:
    """What dbt printed. Raises: DbtFailed with the end of it when dbt refuses or a test is red."""
    command = [
        str(Path(sys.executable).with_name("dbt")), *arguments,
        "--project-dir", str(project), "--profiles-dir", str(project),
        "--target-path", str(folder / "target"), "--log-path", str(folder / "logs"),
        "--no-use-colors",
    ]  # fmt: skip
    environment = os.environ | {
        "OKAERI_LANDING": str(landing),
        "OKAERI_WAREHOUSE": str(warehouse),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_LOG_LEVEL_FILE": "none",
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DbtFailed(f"dbt {' '.join(arguments)}\n{done.stdout[-8000:]}{done.stderr[-2000:]}")
    return done.stdout


@lru_cache(maxsize=1)
def _place() -> Path:
    """A folder this process alone holds until it ends, the same one run after run.

    dbt parses the whole project anew when a path of its profile changes, ten seconds a time; here
    its paths never change, only where they lead, and what it remembers of parsing stays.
    """
    checkout = hashlib.sha256(str(DBT_PROJECT).encode()).hexdigest()[:8]
    for number in itertools.count():
        place = Path(tempfile.gettempdir()) / f"okaeri-dbt-{os.getuid()}-{checkout}-{number}"
        place.mkdir(mode=0o700, exist_ok=True)
        lock = (place / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        _HELD.append(lock)
        return place
    raise AssertionError("there is always a next number")


# The lock lives as long as its file is open.
_HELD: Final[list[IO[str]]] = []


def _leading_to(folder: Path) -> Path:
    """The place's one link, now leading to `folder`."""
    link = _place() / "folder"
    waiting = _place() / "next"
    waiting.unlink(missing_ok=True)
    waiting.symlink_to(folder.resolve())
    waiting.replace(link)
    return link


def write_landing(
    rows: Mapping[str, Sequence[Row]],
    landing: Path,
    *,
    as_of: datetime = AS_OF,
    shop_ids: Iterable[str] = (SHOP,),
) -> None:
    """Write every canonical table as Parquet, empty ones with their schema alone."""
    shops = {str(row.get("shop_id", SHOP)) for given in rows.values() for row in given}
    shops = shops or set(shop_ids)
    zones = {str(row.get("shop_id", SHOP)): str(row.get("timezone", TEXT["timezone"]))
             for row in rows.get("shops", ())}  # fmt: skip
    unknown = set(rows) - set(TABLES)
    if unknown:
        raise KeyError(f"no canonical table is called {sorted(unknown)}")
    first = min((_instant(v) for given in rows.values() for row in given for k, v in row.items()
                 if k.endswith("_at") and v is not None), default=as_of)  # fmt: skip
    defaults = _defaults(sorted(shops), zones, as_of=as_of)
    for table in TABLES.values():
        given = _keyed(rows.get(table.name, ()), table)
        # Two runs of one shop are two answers to "what is now": a given one stands alone.
        own_runs = {key[0] for key in given} if table.name == "runs" else set()
        merged = [
            row
            for key, row in defaults.get(table.name, {}).items()
            if key not in given and key[0] not in own_runs
        ]
        merged += [{"shop_id": SHOP, **row} for row in rows.get(table.name, ())]
        file = landing / table.name / "month=all" / "batch.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        landed = frame(table, merged, zones=zones, loaded_at=as_of)
        if table.name == "shop_days":
            days = _shop_days(sorted(shops), zones, first=first, as_of=as_of)
            landed = pl.concat([landed, days.join(landed, on=["shop_id", "day_on"], how="anti")])
        landed.write_parquet(file)


def frame(
    table: Table, rows: Sequence[Row], *, zones: Mapping[str, str], loaded_at: datetime
) -> pl.DataFrame:
    """Rows as a landed file of `table` holds them: defaults, keyed hashes, `_on` dates, tail."""
    filled = [_fill(table, row, loaded_at, number) for number, row in enumerate(rows, start=1)]
    landed = pl.DataFrame(filled, schema=table.schema, orient="row")
    for name in table.instants:
        date_column = f"{name[:-3]}_on"
        dates = [
            given if given is not None or instant is None else _local_date(instant, zones, shop)
            for given, instant, shop in landed.select(date_column, name, "shop_id").iter_rows()
        ]
        landed = landed.with_columns(pl.Series(date_column, dates, dtype=pl.Date))
    return landed


def _local_date(instant: datetime, zones: Mapping[str, str], shop: str) -> date:
    zone = ZoneInfo(zones.get(shop, TEXT["timezone"]))
    return instant.replace(tzinfo=UTC).astimezone(zone).date()


def _fill(table: Table, row: Row, loaded_at: datetime, number: int) -> dict[str, object]:
    """One complete row. Raises: KeyError for a column `table` does not have."""
    columns = _filled_by(table.name)
    if not row.keys() <= columns.keys():
        raise KeyError(f"{table.name} has no column {sorted(row.keys() - columns.keys())}")
    values: dict[str, object] = {"source": "test", "batch_id": "batch", "row_no": number,
                                 "loaded_at": loaded_at, **row}  # fmt: skip
    address = values.get("email")
    if isinstance(address, str):
        values.setdefault("email_key", keys.email_key(address))
        values.setdefault("email_hash", keys.email_hash(address, pepper=PEPPER))
    if isinstance(values.get("customer_id"), str) and "person_key" in columns:
        person_key = keys.person_key(str(values["customer_id"]), pepper=PEPPER)
        values.setdefault("person_key", person_key)
    digest = hashlib.sha256(repr(sorted(row.items(), key=str)).encode()).hexdigest()
    values.setdefault("row_hash", digest[:16])
    return {
        name: default() if (value := values.get(name)) is None else cast(value)
        for name, (cast, default) in columns.items()
    }


@lru_cache(maxsize=len(TABLES))
def _filled_by(name: str) -> dict[str, tuple[Callable[[object], object], Callable[[], object]]]:
    """What makes a given value of each column of a table fit, and what stands where none is given."""
    table = TABLES[name]
    dated = {f"{instant[:-3]}_on" for instant in table.instants}
    return {
        column.name: (
            _cast_of(column),
            partial(_default, table, column)
            if column.required and column.name not in dated
            else lambda: None,
        )
        for column in (*table.columns, *TAIL)
    }


def _default(table: Table, column: Column) -> object:
    if column.allowed:
        return column.allowed[0]
    if column.dtype == pl.String:
        return TEXT.get(column.name, column.name)
    if column.dtype == pl.Boolean:
        return False
    if column.dtype.is_temporal():
        raise KeyError(f"{table.name}.{column.name} has no default: the row must say when")
    return Decimal(0) if column.dtype.is_decimal() else 0


def _cast_of(column: Column) -> Callable[[object], object]:
    if column.dtype == pl.Datetime:
        return _instant
    if column.dtype == pl.Date:
        return lambda value: date.fromisoformat(value) if isinstance(value, str) else value
    if column.dtype.is_decimal():
        return lambda value: Decimal(str(value))
    return lambda value: value


def _instant(value: object) -> datetime:
    """Naive UTC; text is ISO, without a zone it is UTC already."""
    instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(instant, datetime):
        raise TypeError(f"{value!r} is no instant")
    return instant if instant.tzinfo is None else instant.astimezone(UTC).replace(tzinfo=None)


def _keyed(rows: Iterable[Row], table: Table) -> dict[tuple[object, ...], Row]:
    keyed = ({"shop_id": SHOP, **row} for row in rows)
    return {tuple(row.get(name) for name in ("shop_id", *table.key)): row for row in keyed}


def _defaults(
    shops: Sequence[str], zones: Mapping[str, str], *, as_of: datetime
) -> dict[str, dict[tuple[object, ...], Row]]:
    """Settings and run of every shop, by table and key."""
    tables: dict[str, list[Row]] = {name: [] for name in
        ("shops", "runs", "shop_thresholds", "order_status_map")}  # fmt: skip
    for shop in shops:
        zone = zones.get(shop, TEXT["timezone"])
        today = as_of.astimezone(ZoneInfo(zone)).date()
        tables["shops"].append(
            {"shop_id": shop, "shop_name": shop, "week_start": 1, "timezone": zone}
        )
        tables["runs"].append(
            {"shop_id": shop, "run_id": "run", "as_of_at": as_of, "as_of_on": today,
             "known_at": as_of}
        )  # fmt: skip
        tables["shop_thresholds"] += (
            {"shop_id": shop, "threshold_key": key, "threshold_value": value}
            for key, value in THRESHOLDS.items()
        )
        tables["order_status_map"] += (
            {"shop_id": shop, "source_status": status, "order_state": status, "is_sale": is_sale}
            for status, is_sale in STATUSES.items()
        )
    return {name: _with_source_key(name, given) for name, given in tables.items()}


def _shop_days(
    shops: Sequence[str], zones: Mapping[str, str], *, first: datetime, as_of: datetime
) -> pl.DataFrame:
    """Days of every shop, filled once per zone: row by row, 500 shops would take a minute."""
    of_zone: dict[str, pl.DataFrame] = {}
    of_shop = [pl.DataFrame(schema=TABLES["shop_days"].schema)]
    for shop in shops:
        zone = zones.get(shop, TEXT["timezone"])
        if zone not in of_zone:
            last = as_of.astimezone(ZoneInfo(zone)).date() + timedelta(days=400)
            rows = [
                {"shop_id": shop, "day_on": day, "starts_at": starts_at, "ends_at": ends_at}
                for day, starts_at, ends_at in _days(zone, date(first.year, 1, 1), last)
            ]
            of_zone[zone] = frame(TABLES["shop_days"], rows, zones=zones, loaded_at=as_of)
        of_shop.append(of_zone[zone].with_columns(pl.lit(shop).alias("shop_id")))
    return pl.concat(of_shop)


def _with_source_key(name: str, rows: Iterable[Row]) -> dict[tuple[object, ...], Row]:
    if name == "order_status_map":
        rows = [{"source_key": "test", **row} for row in rows]
    return _keyed(rows, TABLES[name])


@lru_cache(maxsize=16)
def _days(zone: str, first: date, last: date) -> tuple[tuple[date, datetime, datetime], ...]:
    """Every day of the zone with its first instant and the next day's, UTC."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 2)]
    starts = [
        datetime(d.year, d.month, d.day, tzinfo=ZoneInfo(zone))
        .astimezone(UTC).replace(tzinfo=None)
        for d in days
    ]  # fmt: skip
    return tuple(zip(days[:-1], starts[:-1], starts[1:], strict=True))
