"""The gate of landing: refused rows on the shelf, books that add up."""

import json
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import contracts, landing
from pipelines.landing.batch import REFUSED
from pipelines.landing.facts import Judge
from pipelines.settings import Home
from tests.landing_shop import (
    Answer,
    Broken,
    File,
    Part,
    frame_of,
    instant,
    land,
    order,
    orders_file,
    part,
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "small")


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
    landed = land(home, orders_file(order(1), order(2), order(3)), judge=refuse(1))

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
    landed = land(home, file, judge=judge)

    again = land(home, file, minutes=5)

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
        file = File((piece,), sha256=str(number) * 64)
        land(home, file, judge=refuse_those_below(bad), minutes=number)

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

    landed = land(home, empty, judge=contracts.judge)

    assert landed.entries[0].state == "failed"
    assert landed.entries[0].reasons == (("contract:row_count", 0),)
    assert landing.conservation(home)["difference"].to_list() == [0]


def test_a_bad_row_is_refused_by_the_real_contract_and_named(home: Home) -> None:
    rows = [order(n, total_amount=Decimal(100)) for n in range(1, 9)]
    rows[4] |= {"total_amount": Decimal("99.5"), "ordered_at": instant("2026-10-02T00:00:00")}

    landed = land(home, orders_file(*rows), judge=contracts.judge)

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
