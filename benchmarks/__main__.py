"""`make bench`: each figure beside its reference, measured in turns, as a table.

intake: a CSV of orders read, mapped, judged and landed, against a bare polars CSV → Parquet.
build:  dbt's whole build of a demo shop, against its floor (decode every landed column once and
        write the marts' rows again).
idle:   a build with nothing new, to see what it costs beside the SQL.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl

from pipelines import contracts, demo, landing, settings, sources
from pipelines.settings import Home
from pipelines.shop import Source, load_shop

Timed = Callable[[], None]
ZONE = "Asia/Tokyo"


def seconds(work: Timed) -> float:
    """Wall seconds of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def in_turns(ours: Timed, reference: Timed, *, rounds: int) -> tuple[float, float]:
    """Median seconds of both, measured one after the other, so that other load hits both."""
    pairs = [(seconds(ours), seconds(reference)) for _ in range(rounds)]
    return statistics.median(p[0] for p in pairs), statistics.median(p[1] for p in pairs)


def intake(folder: Path, rows: int, rounds: int) -> tuple[str, float, float]:
    """A CSV of `rows` orders through every door, against polars alone."""
    file = folder / "orders.csv"
    pl.DataFrame(
        {
            "order_id": [f"A{n}" for n in range(rows)],
            "customer_id": [f"C{n % 1000}" for n in range(rows)],
            "ordered_at": ["2026-05-14 11:23:45"] * rows,
            "goods_amount": [str(1000 + n % 9000) for n in range(rows)],
            "total_amount": [str(1600 + n % 9000) for n in range(rows)],
            "status": ["paid"] * rows,
        }
    ).write_csv(file)
    shop_file = folder / "shop.yml"
    shop_file.write_text("id: bench\nname: Bench\n")
    shop = load_shop(shop_file)
    source = Source(key="orders", files="orders.csv", mapping="generic_orders_csv")
    contracts.judge([], "orders")

    def ours() -> None:
        with tempfile.TemporaryDirectory(dir=folder) as home:
            extract = sources.extract_file(file, source, zone=ZONE, folder=folder)
            now = datetime.now(UTC)
            place = Home(Path(home))
            landing.land_file(place, shop, extract, judge=contracts.judge, loaded_at=now)

    def reference() -> None:
        pl.scan_csv(file, infer_schema=False).sink_parquet(folder / "bare.parquet")

    return (f"intake, {rows:,} orders", *in_turns(ours, reference, rounds=rounds))


def build(folder: Path, persons: int, rounds: int) -> list[tuple[str, float, float]]:
    """Full and idle build of a demo shop, against decoding its landing and writing its marts."""
    demo.write(folder / "shop", persons=persons)
    environment = os.environ | {"OKAERI_HOME": str(folder / "data")}
    okaeri = str(Path(sys.executable).with_name("okaeri"))
    command = [okaeri, "run", "--shop", str(folder / "shop" / "shop.yml"), "--json"]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    home = Home(folder / "data" / "demo")
    dbt = [str(Path(sys.executable).with_name("dbt")), "build", "--quiet"]
    dbt += ["--exclude-resource-type", "unit_test", "test", "--target-path", str(folder / "target")]
    for option in ("--project-dir", "--profiles-dir"):
        dbt += [option, str(settings.DBT_PROJECT)]

    def full() -> None:
        environment = os.environ | settings.dbt_environment(home)
        subprocess.run(dbt, env=environment, check=True, capture_output=True)

    def floor() -> None:
        with duckdb.connect(str(home.warehouse), read_only=True) as con:
            for table in home.landing.iterdir():
                if table.is_dir() and not table.name.startswith("_"):
                    con.sql(f"select hash(columns(*)) from '{table}/**/*.parquet'").fetchall()
            for (name,) in con.sql(
                "select schema_name || '.' || table_name from duckdb_tables()"
                " where schema_name = 'marts'"
            ).fetchall():
                con.sql(f"select * from {name}").write_parquet(str(folder / "floor.parquet"))

    def idle() -> None:
        subprocess.run(command, env=environment, check=True, capture_output=True)

    name = f"{persons:,} persons"
    return [
        (f"build, {name}", *in_turns(full, floor, rounds=rounds)),
        (f"whole run with nothing new, {name}", *in_turns(idle, full, rounds=rounds)),
    ]


def main() -> None:
    """Prints one row per figure: ours, reference, ratio."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000, help="orders of the intake")
    parser.add_argument("--persons", type=int, default=5_000, help="persons of the demo shop")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        figures = [intake(folder, given.rows, given.rounds)]
        figures += build(folder, given.persons, given.rounds)
    sys.stdout.write("| what | seconds | reference | ratio |\n|---|---|---|---|\n")
    for name, ours, reference in figures:
        sys.stdout.write(f"| {name} | {ours:.2f} | {reference:.2f} | {ours / reference:.1f} x |\n")


if __name__ == "__main__":
    main()
