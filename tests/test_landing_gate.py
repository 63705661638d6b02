"""The gate of landing: foreign money, refused rows, books that add up, settings and the run."""

import datetime as dt
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import contracts, landing
from pipelines.canonical import TABLES
from pipelines.landing.batch import REFUSED
from pipelines.landing.facts import Judge
from pipelines.settings import Home
from tests.landing_shop import (
    LOADED,
    Answer,
    Broken,
    File,
    Part,
    Rate,
    SmallShop,
    frame_of,
    instant,
    land,
    later,
    order,
    orders_file,
    part,
    welcome,
)

DOLLAR = Rate(dt.date(2026, 11, 1), "USD", Decimal("150.5"))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "small")


def item(number: int, **changes: object) -> dict[str, object]:
    return {
        "order_item_id": f"eccube:{number}",
        "order_id": f"eccube:{number}",
        "line_no": 1,
        "product_name": "茶碗",
        "quantity": Decimal(1),
        "discount_amount": Decimal(0),
        "line_amount": Decimal("10.01"),
        "is_gift": False,
        "is_free": False,
        "refunded_quantity": Decimal(0),
        "refunded_amount": Decimal(0),
        "row_no": number + 1,
    } | changes


def test_foreign_money_becomes_the_shops_and_the_original_stays(home: Home) -> None:
    foreign = order(1, currency="USD", total_amount=Decimal("10.01"), goods_amount=Decimal("9.99"))
    file = File((part("orders", foreign, order(2)), part("order_items", item(1), item(2))))

    land(home, file, exchange_rates=(DOLLAR,))

    # 10.01 × 150.5 = 1506.505 and 9.99 × 150.5 = 1503.495: yen are whole, halves go up.
    columns = (
        "currency",
        "total_amount",
        "goods_amount",
        "original_currency",
        "original_total_amount",
    )
    rows = landing.read_table(home, "orders").sort("order_id").select(columns).rows()
    assert rows == [
        ("JPY", Decimal(1507), Decimal(1503), "USD", Decimal("10.01")),
        ("JPY", Decimal(1000), None, None, None),
    ]
    lines = landing.read_table(home, "order_items").sort("order_id")["line_amount"].to_list()
    assert lines == [Decimal(1507), Decimal("10.01")]


def test_without_a_rate_the_order_counts_and_its_money_is_unknown(home: Home) -> None:
    early = order(1, currency="USD", ordered_at=instant("2026-10-30T00:00:00"))
    file = File((part("orders", early), part("order_items", item(1))))

    landed = land(home, file, exchange_rates=(DOLLAR,))

    row = landing.read_table(home, "orders").row(0, named=True)
    assert (row["total_amount"], row["original_total_amount"]) == (None, Decimal(1000))
    # A line without its amount would be a line worth nothing: it is refused, and said so.
    lines = {entry.table: entry for entry in landed.entries}["order_items"]
    assert (lines.rows_landed, lines.reasons) == (0, (("no_exchange_rate", 1),))


def test_the_newest_rate_up_to_the_day_counts(home: Home) -> None:
    rates = (DOLLAR, replace(DOLLAR, day_on=dt.date(2026, 11, 3), exchange_rate=Decimal(100)))
    rows = [
        order(
            n, currency="USD", ordered_at=instant(f"2026-11-0{n}T00:00:00"), total_amount=Decimal(1)
        )
        for n in (1, 2, 3, 4)
    ]

    land(home, orders_file(*rows), exchange_rates=rates)

    amounts = landing.read_table(home, "orders").sort("order_id")["total_amount"].to_list()
    assert amounts == [Decimal(151), Decimal(151), Decimal(100), Decimal(100)]


def refuse(*positions: int, whole: bool = False) -> Judge:
    """A contract that refuses these rows of the first file."""

    def judge(files: list[Path], table: str) -> Answer:
        rows = [
            {
                "file": str(files[0]),
                "position": n,
                "expectation": "known",
                "column_name": "currency",
            }
            for n in positions
        ]
        return Answer(
            ok=False,
            failed=(Broken("known", "currency"),),
            bad_rows=None if whole else pl.DataFrame(rows),
        )

    return judge


def test_refused_rows_go_to_the_shelf_and_the_rest_lands(home: Home) -> None:
    landed = landing.land_file(
        home,
        SmallShop(),
        orders_file(order(1), order(2), order(3)),
        judge=refuse(1),
        loaded_at=LOADED,
    )

    entry = landed.entries[0]
    shelf = home.rejected / landed.batch_id
    told = json.loads((shelf / "orders.json").read_text())
    assert (entry.rows_landed, entry.rows_rejected, entry.state) == (2, 1, "partial")
    assert landing.read_table(home, "orders")["order_id"].to_list() == ["eccube:1", "eccube:3"]
    assert pl.read_parquet(shelf / "orders.parquet")["order_id"].to_list() == ["eccube:2"]
    assert told["rows"] == [
        {
            "file": "orders.csv",
            "row": 3,
            "column": "currency",
            "reason": "contract:known",
            "value": None,
            "raw": None,
        }
    ]
    rejects = landing.read_table(home, "rejects")
    assert rejects.select("rejected_row_no", "reason_code", "column_name").rows() == [
        (3, "contract:known", "currency")
    ]


def test_a_batch_refused_whole_lands_nothing_and_is_not_tried_again(home: Home) -> None:
    file = orders_file(order(1), order(2))
    judge = refuse(whole=True)
    landed = landing.land_file(home, SmallShop(), file, judge=judge, loaded_at=LOADED)

    again = landing.land_file(home, SmallShop(), file, judge=welcome, loaded_at=later(5))

    assert (landed.entries[0].state, landed.entries[0].rows_rejected) == ("failed", 2)
    assert landing.read_table(home, "orders").is_empty()
    assert not again.is_new
    on_shelf = landing.rejected(home)
    assert on_shelf.select("entity", "is_whole_table", "reason_code", "rows_refused").rows() == [
        ("orders", True, "contract:known", 2)
    ]
    assert on_shelf["what_to_do"][0].startswith("Correct these rows")


def test_what_the_mapping_refused_is_booked_and_shelved(home: Home) -> None:
    refused = pl.DataFrame(
        [
            {
                "row_no": 7,
                "reason_code": "bad_date",
                "column_name": "ordered_at",
                "value_masked": "2***",
                "raw_masked": None,
            }
        ],
        schema=REFUSED,
    )
    file = File((Part("orders", frame_of("orders", [order(1)]), 3, duplicates=1, rejects=refused),))

    landed = land(home, file)

    books = landing.batches(home).row(0, named=True)
    assert landed.entries[0].reasons == (("bad_date", 1),)
    assert (
        books["rows_read"],
        books["rows_landed"],
        books["rows_rejected"],
        books["rows_duplicate"],
    ) == (3, 1, 1, 1)
    assert landing.rejected(home)["reason_code"].to_list() == ["bad_date"]


def test_an_extract_that_lost_a_row_lands_nothing(home: Home) -> None:
    file = File((part("customers"), Part("orders", frame_of("orders", [order(1)]), rows_read=2)))

    with pytest.raises(landing.ConservationBroken, match="orders: 2 rows read, but 1"):
        land(home, file)

    assert list(home.landing.glob("*/month=*/*.parquet")) == []


@settings(max_examples=30, deadline=None)
@given(
    files=st.lists(
        st.tuples(
            st.lists(st.tuples(st.integers(1, 5), st.sampled_from(["new", "paid"])), max_size=8),
            st.sets(st.integers(0, 7)),
            st.integers(0, 3),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_every_row_read_is_landed_refused_or_a_declared_duplicate(
    tmp_path_factory: pytest.TempPathFactory,
    files: list[tuple[list[tuple[int, str]], set[int], int]],
) -> None:
    home = Home(tmp_path_factory.mktemp("books") / "small")

    for number, (orders, bad, repeated) in enumerate(files):
        rows = [order(n, source_status=status, row_no=i) for i, (n, status) in enumerate(orders)]
        frame = frame_of("orders", rows) if rows else frame_of("orders", [order(1)]).clear()
        piece = Part("orders", frame, len(rows) + repeated, duplicates=repeated)
        landing.land_file(
            home,
            SmallShop(),
            File((piece,), sha256=str(number) * 64),
            judge=refuse_those_below(bad),
            loaded_at=later(number),
        )

    books = landing.conservation(home)
    assert books["difference"].to_list() == [0] * len(files)
    assert books["rows_read"].sum() == sum(len(orders) + repeated for orders, _, repeated in files)


def refuse_those_below(bad: set[int]) -> Judge:
    def judge(files: list[Path], table: str) -> Answer:
        height = pl.read_parquet(files[0]).height
        positions = [n for n in bad if n < height]
        return refuse(*positions)(files, table) if positions else Answer()

    return judge


def test_a_landed_file_that_is_gone_shows_in_the_books(home: Home) -> None:
    land(home, orders_file(order(1), order(2)))
    next(home.landing.glob("orders/month=*/*.parquet")).unlink()

    assert landing.conservation(home)["difference"].to_list() == [2]


def test_an_empty_file_is_refused_by_the_real_contract(home: Home) -> None:
    empty = File((Part("orders", frame_of("orders", [order(1)]).clear(), 0),))

    landed = landing.land_file(home, SmallShop(), empty, judge=contracts.judge, loaded_at=LOADED)

    assert landed.entries[0].state == "failed"
    assert landed.entries[0].reasons == (("contract:row_count", 0),)
    assert landing.conservation(home)["difference"].to_list() == [0]


def test_a_bad_row_is_refused_by_the_real_contract_and_named(home: Home) -> None:
    rows = [order(n, total_amount=Decimal(100)) for n in range(1, 9)]
    rows[4] |= {"total_amount": Decimal("99.5"), "ordered_at": instant("2026-10-02T00:00:00")}

    landed = landing.land_file(
        home, SmallShop(), orders_file(*rows), judge=contracts.judge, loaded_at=LOADED
    )

    assert landed.entries[0].reasons == (("contract:whole_yen", 1),)
    assert landing.read_table(home, "rejects")["rejected_row_no"].to_list() == [6]
    assert "eccube:5" not in landing.read_table(home, "orders")["order_id"].to_list()


def test_watermarks_name_the_newest_instant_of_each_source(home: Home) -> None:
    land(home, orders_file(order(1), order(2, ordered_at=instant("2026-11-03T00:00:00"))))
    land(home, orders_file(order(3), sha256="b" * 64), minutes=5)

    row = landing.watermarks(home).row(0, named=True)
    assert (row["source_key"], row["entity"], row["newest_at"]) == (
        "eccube", "orders", instant("2026-11-03T00:00:00"),
    )  # fmt: skip


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
