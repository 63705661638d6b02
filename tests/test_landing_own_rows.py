"""Rows of the program itself: settings, the run, the ledger as it comes back."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from pipelines import landing
from pipelines.canonical import TABLES
from pipelines.settings import Home
from tests.landing_shop import (
    LOADED,
    SmallShop,
    frame_of,
    instant,
    later,
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "small")


def shop_settings(**thresholds: int) -> dict[str, pl.DataFrame]:
    shop = {
        "shop_id": "small", "shop_name": "小さな店", "timezone": "Asia/Tokyo", "currency": "JPY",
        "locale": "ja", "revenue_measure": "goods", "week_start": 1, "is_demo": False,
    }  # fmt: skip
    rows = [
        {"shop_id": "small", "threshold_key": key, "threshold_value": value}
        for key, value in thresholds.items()
    ]
    return {
        "shops": frame_of("shops", [shop]),
        "shop_thresholds": frame_of("shop_thresholds", rows),
    }


def test_settings_land_whole_when_their_content_changes_and_only_then(home: Home) -> None:
    one = landing.land_settings(home, shop_settings(small_n=30, hide_below=5), loaded_at=LOADED)
    same = landing.land_settings(home, shop_settings(hide_below=5, small_n=30), loaded_at=later(1))
    fewer = landing.land_settings(home, shop_settings(small_n=30), loaded_at=later(2))
    back = landing.land_settings(home, shop_settings(small_n=30, hide_below=5), loaded_at=later(3))

    assert [one.is_new, same.is_new, fewer.is_new, back.is_new] == [True, False, True, True]
    by_batch = landing.read_table(home, "shop_thresholds").group_by("batch_id").len()
    assert dict(by_batch.iter_rows()) == {one.batch_id: 2, fewer.batch_id: 1, back.batch_id: 2}


def test_a_run_lands_its_clock_in_the_shops_zone(home: Home) -> None:
    run = landing.new_run(
        SmallShop(),
        run_id="r1",
        as_of_at=dt.datetime(2026, 11, 20, 15, 30, tzinfo=dt.UTC),
        known_at=LOADED,
        loaded_at=LOADED,
        code_version="c1",
    )

    landing.land_run(home, run)

    row = landing.read_table(home, "runs").row(0, named=True)
    assert (row["as_of_at"], row["as_of_on"]) == (
        instant("2026-11-20T15:30:00"),
        dt.date(2026, 11, 21),
    )
    assert (row["settings_version"], row["shop_id"], row["known_at"]) == (
        "v1",
        "small",
        instant("2026-11-20T03:00:00"),
    )


def test_rows_of_the_ledger_land_once(home: Home) -> None:
    batch = {
        "shop_id": "small", "export_batch_id": "b1", "program": "p", "campaign_key": "k", "campaign_version": 1,
        "step_number": 1, "channel": "email", "destination": "d", "slot": "s", "batch_state": "sealed",
        "created_at": instant("2026-10-31T15:30:00"),
    }  # fmt: skip
    frame = frame_of("export_batches", [batch])
    acked = frame.with_columns(pl.lit("acked").alias("batch_state"))

    arrivals = [
        landing.write_rows(
            home, "export_batches", rows, source="ledger", loaded_at=later(n), zone="Asia/Tokyo"
        ).is_new
        for n, rows in enumerate((frame, frame, acked, frame))
    ]

    assert arrivals == [True, False, True, True]
    assert landing.read_table(home, "export_batches")["created_on"].unique().to_list() == [
        dt.date(2026, 11, 1)
    ]
    assert landing.conservation(home)["difference"].to_list() == [0, 0, 0]


def test_a_column_that_no_table_has_is_refused(home: Home) -> None:
    frame = frame_of(
        "product_tags", [{"shop_id": "small", "product_id": "p", "tag": "t", "tagg": "t"}]
    )

    with pytest.raises(landing.UnknownColumns, match="tagg"):
        landing.write_rows(home, "product_tags", frame, source="test", loaded_at=LOADED)


def test_every_table_can_be_read_before_anything_landed(home: Home) -> None:
    landing.ensure_all_tables(home)
    landing.ensure_all_tables(home)

    for name, table in TABLES.items():
        files = list((home.landing / name).rglob("*.parquet"))
        assert pl.concat([pl.read_parquet(path) for path in files]).schema == table.schema
