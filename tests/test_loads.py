"""What the warehouse holds depends on what was landed, never on the order or age of the loads.

The same rows twice: cut into loads that come late, twice and in any order, each followed by a build
in the one warehouse file; and all at once into a new file. Models that keep what they built before
must hold the same rows as those that are built anew.
"""

import random
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.canonical import TABLES
from tests.oracle import shops
from tests.warehouse import run_dbt, write_landing

SHOPS = 100
AS_OF = shops.AS_OF.replace(tzinfo=UTC)
# What each of the six builds takes for now: the fifth brings nothing but time.
CLOCKS = [AS_OF - timedelta(days=days) for days in (40, 20, 7, 1)] + [AS_OF, AS_OF + timedelta(1)]
# Shop files are landed whole, with the first load and with the one that changes them.
SETTINGS = {
    "shops", "shop_thresholds", "shop_days", "exchange_rates", "order_status_map",
    "excluded_addresses", "campaigns", "campaign_steps", "campaign_arms", "motivation_weights",
    "capabilities",
}  # fmt: skip
# Which load a row came with: the only thing in which the two warehouses may differ.
LINEAGE = {"batch_id", "loaded_at", "settings_batch_id", "run_id"}
LISTS = re.compile(r"\.(seg|feed)_")
Rows = dict[str, list[dict[str, object]]]


def landed_rows() -> Rows:
    """All rows of the generated shops, the merge included. Versions of a key say which is newer."""
    generated = shops.landing(map(shops.shop, range(SHOPS)))
    # The runs are this test's own.
    rows: Rows = defaultdict(
        list, {table: [*map(dict, given)] for table, given in generated.items() if table != "runs"}
    )
    for table, given in rows.items():
        _date_versions(table, given)
    return rows


def _date_versions(table: str, rows: Iterable[dict[str, object]]) -> None:
    versions = defaultdict(list)
    for row in rows:
        versions[tuple(row.get(name) for name in ("shop_id", *TABLES[table].key))].append(row)
    for given in versions.values():
        if len(given) > 1:
            for age, row in enumerate(given):
                row.setdefault("source_updated_at", datetime(2026, 1, 1) + timedelta(hours=age))


def merges(rows: Rows) -> Rows:
    """In every shop of two addresses the second account turns out to be the first one's."""
    by_shop = defaultdict(list)
    for row in rows["customers"]:
        if row.get("email_hash") is not None:
            by_shop[row["shop_id"]].append(row)
    found = []
    for customers in by_shop.values():
        first = customers[0]
        for other in customers[1:]:
            if other["email_hash"] != first["email_hash"] and other.get("is_member"):
                merged = {"email_hash": first["email_hash"],
                          "source_updated_at": datetime(2026, 6, 20)}  # fmt: skip
                found.append({**other, **merged})
                break
    return {"customers": found}


def cut(rows: Rows) -> list[Rows]:
    """The rows in four loads, each row in any of them, every tenth a second time later on."""
    draw = random.Random("loads")
    loads: list[Rows] = [defaultdict(list) for _ in range(4)]
    for table, given in rows.items():
        if table in SETTINGS:
            continue
        for row in given:
            number = draw.randrange(4)
            loads[number][table].append(row)
            if number < 3 and draw.random() < 0.1:
                loads[draw.randrange(number + 1, 4)][table].append(row)
    return loads


def settings_of(rows: Rows, *, idle_minutes: int) -> Rows:
    """The shop files' rows, with the minutes after which a cart counts as left alone.

    A row that stays as it is, long before the first, gives every load the days of all of them.
    """
    chosen = {table: given for table, given in rows.items() if table in SETTINGS}
    idle = [
        {"shop_id": row["shop_id"], "threshold_key": "cart_idle_minutes",
         "threshold_value": idle_minutes}
        for row in rows["shops"]
    ]  # fmt: skip
    kept = [row for row in chosen.get("shop_thresholds", ())
            if row["threshold_key"] != "cart_idle_minutes"]  # fmt: skip
    long_ago = {"source_updated_at": datetime(2020, 1, 1)}
    shops_rows = [{**row, **long_ago} for row in rows["shops"]]
    return {**chosen, "shops": shops_rows, "shop_thresholds": [*kept, *idle]}


def run_rows(rows: Rows, clock: datetime, number: int) -> Rows:
    """One run of every shop."""
    return {
        "runs": [
            {"shop_id": row["shop_id"], "run_id": f"run {number}", "as_of_at": clock,
             "as_of_on": clock.date(), "known_at": clock + timedelta(days=400)}
            for row in rows["shops"]
        ]
    }  # fmt: skip


def land(
    rows: Mapping[str, Sequence[dict[str, object]]],
    folder: Path,
    *,
    number: int,
    clock: datetime,
    with_settings: bool = True,
) -> None:
    """One load into the landing, as a file of its own beside the earlier ones."""
    aside = folder / f"load {number}"
    write_landing(rows, aside, as_of=clock)
    for file in aside.rglob("*.parquet"):
        table = file.relative_to(aside).parts[0]
        frame = pl.read_parquet(file).with_columns(batch_id=pl.lit(f"load {number}"))
        if table in SETTINGS and not with_settings:
            frame = frame.clear()
        target = folder / "landing" / table / "month=all" / f"load_{number}.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(target)
    shutil.rmtree(aside)


def built(folder: Path) -> Path:
    """The warehouse after one more build of what lies in the folder's landing."""
    warehouse = folder / "build.duckdb"
    run_dbt(["run"], folder, landing=folder / "landing", warehouse=warehouse)
    return warehouse


def content_of(warehouse: Path) -> dict[str, tuple[int, int]]:
    """Rows and a hash of each mart and segment, whatever the order of its rows."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        found = {}
        for name, columns in published(connection, "build").items():
            listed = ", ".join(columns)
            ((rows, mark),) = connection.execute(
                f"select count(*), coalesce(sum(hash({listed})), 0) from {name}"
            ).fetchall()
            found[name] = (rows, mark)
        return found


def published(connection: duckdb.DuckDBPyConnection, catalog: str) -> dict[str, list[str]]:
    """Columns of each mart and segment, those of lineage left out, by `schema.table`."""
    found = defaultdict(list)
    for schema, table, column in connection.execute(
        "select table_schema, table_name, column_name from information_schema.columns"
        " where table_catalog = ? and table_schema in ('marts', 'segments', 'private')"
        " order by all",
        [catalog],
    ).fetchall():
        if column not in LINEAGE:
            found[f"{schema}.{table}"].append(column)
    return dict(found)


def differences(one: Path, other: Path) -> dict[str, list[tuple]]:
    """Rows of the marts and segments that only one of two warehouses holds, a few of each table."""
    found = {}
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"attach '{one}' as one (read_only)")
        connection.execute(f"attach '{other}' as other (read_only)")
        tables = published(connection, "one")
        assert tables == published(connection, "other")
        for name, columns in tables.items():
            listed = ", ".join(columns)
            rows = [f"select {listed} from {side}.{name}" for side in ("one", "other")]
            only = [
                row
                for these, those in (rows, rows[::-1])
                for row in connection.execute(
                    f"{these} except all {those} order by all limit 3"
                ).fetchall()
            ]
            if only:
                found[name] = only
    return found


@pytest.mark.slow
def test_loads_in_any_order_give_what_one_load_of_everything_gives(tmp_path):
    rows = landed_rows()
    merged = merges(rows)
    first, later = (settings_of(rows, idle_minutes=minutes) for minutes in (60, 90))
    *loads, last = [*cut(rows), {}, merged]
    states = []
    for number, (step, clock) in enumerate(zip([*loads, last], CLOCKS, strict=True), 1):
        # The shops' zones date every row; only the first load and the last land them.
        land(
            {**step, **(later if step is last else first), **run_rows(rows, clock, number)},
            tmp_path / "loads",
            number=number,
            clock=clock,
            with_settings=number == 1 or step is last,
        )
        warehouse = built(tmp_path / "loads")
        states.append(content_of(warehouse))
    everything = {**rows, "customers": [*rows["customers"], *merged["customers"]], **later}
    land(
        {**everything, **run_rows(rows, CLOCKS[-1], 6)},
        tmp_path / "once",
        number=1,
        clock=CLOCKS[-1],
    )
    at_once = built(tmp_path / "once")

    assert len(merged["customers"]) > SHOPS / 4
    # Two empty segments are equal whatever was loaded.
    lists = {name: rows for name, (rows, _) in states[-1].items() if LISTS.search(name)}
    assert len(lists) == 15
    assert [name for name, rows in lists.items() if not rows] == []
    # Each load said something, time alone too.
    assert len({state["marts.fct_cart_episodes"] for state in states}) == len(CLOCKS)
    assert differences(warehouse, at_once) == {}
