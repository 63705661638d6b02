"""What was published is compared with what is: each figure of a settled month, and nothing else.

A shop of three orders publishes day after day; between two publications a file comes in, a setting
changes, or nothing happens. What a publication says is landed as the publishing asset lands it.
"""

import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from tests.compiled import marts_of
from tests.warehouse import SHOP

FIRST = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)
DAY = timedelta(days=1)
# 1,000 yen of goods and 200 of postage, so that `goods` and `total` differ.
ORDERS = [
    ("o1", "a", "2026-08-10T03:00"),
    ("o2", "b", "2026-09-10T03:00"),
    ("o3", "b", "2026-11-02T03:00"),
]


class Shop:
    """A shop that publishes. `rows` are its landed tables, whatever has been said among them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = FIRST
        self.versions = {"settings_version": "s1", "code_version": "c1"}
        self.rows: dict[str, list[dict[str, object]]] = {
            "customers": [
                {"customer_id": name, "is_member": True, "registered_at": "2026-08-01T00:00"}
                for name in "ab"
            ],
            "shops": [
                {"shop_name": SHOP, "week_start": 1, "timezone": "Asia/Tokyo",
                 "revenue_measure": "goods"}
            ],
            "orders": [
                {"order_id": order, "customer_id": person, "is_guest": False, "ordered_at": at,
                 "ordered_precision": "instant", "goods_amount": 1000, "total_amount": 1200}
                for order, person, at in ORDERS
            ],
            "refunds": [], "source_batches": [], "publications": [], "published_cells": [],
        }  # fmt: skip

    def land(self, table: str, file: str, **row: object) -> None:
        """One row of a file that comes in now."""
        self.rows[table].append({**row, "loaded_at": self.now})
        self.rows["source_batches"].append(
            {"landed_batch_id": file, "entity": table, "source_key": "shop", "file_name": file,
             "rows_landed": 1, "batch_state": "ok", "loaded_at": self.now}
        )  # fmt: skip

    def build(
        self, *, as_of: datetime | None = None, known_at: datetime | None = None
    ) -> duckdb.DuckDBPyConnection:
        """The warehouse as of now, or as of an earlier instant."""
        as_of = as_of or self.now
        run = {"run_id": f"r{self.now:%d%H}", "as_of_at": as_of, "as_of_on": as_of.date(),
               "known_at": known_at or self.now, "loaded_at": self.now}  # fmt: skip
        return marts_of(
            self.rows | {"runs": [run | self.versions]},
            folder=self.folder,
            only=["rpt_restatements"],
            as_of=self.now,
        )

    def publish(self) -> list[dict[str, object]]:
        """What this publication says otherwise than the one before; then it is the next day."""
        with self.build() as warehouse:
            own = "where is_running_build"
            (publication,) = records(
                warehouse,
                "select publication_no, run_id, as_of_at, known_at, settings_version,"
                f" code_version from intermediate.int_publications__numbered {own}",
            )
            number = publication["publication_no"]
            said = records(
                warehouse,
                f"select * from marts.fct_published_cells where publication_no = {number}",
            )
            restated = restatements(warehouse)
        self.rows["publications"].append(publication)
        self.rows["published_cells"] += said
        self.now += DAY
        return [row for row in restated if row["publication_no"] == number]


def records(warehouse: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, object]]:
    return warehouse.execute(query).pl().to_dicts()


def restatements(warehouse: duckdb.DuckDBPyConnection) -> list[dict[str, object]]:
    return records(
        warehouse,
        "select * from marts.rpt_restatements"
        " order by publication_no, report_key, cell_key, column_name",
    )


def moved(rows: list[dict[str, object]]) -> list[tuple[object, ...]]:
    """Report, cell, column, old and new, yen without decimals."""
    return [
        (row["report_key"], row["cell_key"], row["column_name"],
         *(None if row[name] is None else int(row[name]) for name in ("old_value", "new_value")))
        for row in rows
    ]  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def revenue_of_august(old: int, new: int) -> list[tuple[object, ...]]:
    """Every settled figure that o1, the first order of a, is part of.

    The month's revenue and that of its new buyers; the value of the cohort of August after its
    months 0, 1 and 2 (August to October) and its 30 days 0 and 1 (to 9 September, to 9 October).
    """
    value = "rpt_value_by_age"
    return [
        ("rpt_shop_months", "2026-08-01|new_revenue", "measure_value", old, new),
        ("rpt_shop_months", "2026-08-01|revenue", "measure_value", old, new),
        (
            value,
            "first_order|month|2026-08-01|calendar_month|0",
            "cumulative_revenue_amount",
            old,
            new,
        ),
        (value, "first_order|month|2026-08-01|calendar_month|0", "revenue_amount", old, new),
        (
            value,
            "first_order|month|2026-08-01|calendar_month|1",
            "cumulative_revenue_amount",
            old,
            new,
        ),
        (
            value,
            "first_order|month|2026-08-01|calendar_month|2",
            "cumulative_revenue_amount",
            old,
            new,
        ),
        (value, "first_order|month|2026-08-01|days_30|0", "cumulative_revenue_amount", old, new),
        (value, "first_order|month|2026-08-01|days_30|0", "revenue_amount", old, new),
        (value, "first_order|month|2026-08-01|days_30|1", "cumulative_revenue_amount", old, new),
    ]


def test_a_refund_that_comes_in_later_restates_its_month_and_names_its_file(shop: Shop) -> None:
    shop.publish()
    shop.land(
        "refunds", "返金.csv", refund_id="f1", order_id="o1", refunded_at="2026-11-04T01:00",
        refund_amount=200, goods_amount=200,
    )  # fmt: skip

    restated = shop.publish()

    assert moved(restated) == revenue_of_august(1000, 800)
    assert {row["reason_key"] for row in restated} == {"batches"}
    assert {row["files"] for row in restated} == {"shop/返金.csv: refunds 1"}
    assert {row["published_at"] - row["old_published_at"] for row in restated} == {DAY}


def test_a_publication_with_nothing_new_restates_nothing(shop: Shop) -> None:
    assert shop.publish() == []
    assert shop.publish() == []
    assert {row["publication_no"] for row in shop.rows["published_cells"]} == {1}


@pytest.mark.slow
def test_an_order_of_the_running_month_restates_nothing(shop: Shop) -> None:
    shop.publish()
    shop.land(
        "orders", "受注.csv", order_id="o4", customer_id="a", is_guest=False, goods_amount=1000,
        total_amount=1200, ordered_at="2026-11-03T10:00", ordered_precision="instant",
    )  # fmt: skip

    restated = shop.publish()

    assert restated == []


@pytest.mark.slow
def test_other_settings_restate_what_they_change_and_are_named(shop: Shop) -> None:
    shop.publish()
    shop.rows["shops"][0]["revenue_measure"] = "total"
    shop.versions["settings_version"] = "s2"

    restated = shop.publish()

    assert [row for row in moved(restated) if "2026-08-01" in str(row[1])] == revenue_of_august(
        1000, 1200
    )
    assert {row["report_key"] for row in restated} == {"rpt_shop_months", "rpt_value_by_age"}
    assert {row[3:] for row in moved(restated)} == {(1000, 1200)}
    assert {(row["reason_key"], row["batch_count"]) for row in restated} == {("settings", 0)}


@pytest.mark.slow
def test_a_figure_whose_row_is_gone_is_restated_as_nothing(shop: Shop) -> None:
    shop.publish()
    shop.rows["orders"] = shop.rows["orders"][1:]
    shop.versions["code_version"] = "c2"

    restated = shop.publish()

    gone = [row for row in moved(restated) if row[:2] == ("rpt_shop_months", "2026-08-01|orders")]
    assert gone == [("rpt_shop_months", "2026-08-01|orders", "measure_value", 1, None)]
    assert {row["reason_key"] for row in restated} == {"code"}


@pytest.mark.slow
def test_the_log_says_the_same_once_its_publication_is_history(shop: Shop) -> None:
    shop.publish()
    shop.land(
        "refunds", "返金.csv", refund_id="f1", order_id="o1", refunded_at="2026-11-04T01:00",
        refund_amount=200, goods_amount=200,
    )  # fmt: skip
    first = shop.publish()
    shop.land(
        "refunds", "返金2.csv", refund_id="f2", order_id="o1", refunded_at="2026-11-05T01:00",
        refund_amount=300, goods_amount=300,
    )  # fmt: skip

    second = shop.publish()

    with shop.build() as warehouse:
        assert restatements(warehouse) == first + second
    assert moved(second) == revenue_of_august(800, 500)


@pytest.mark.slow
def test_a_look_back_knows_the_log_of_its_day_and_says_nothing_new(shop: Shop) -> None:
    shop.publish()
    shop.land(
        "refunds", "返金.csv", refund_id="f1", order_id="o1", refunded_at="2026-11-04T01:00",
        refund_amount=200, goods_amount=200,
    )  # fmt: skip
    shop.publish()
    before = copy.deepcopy(shop.rows["published_cells"])

    with shop.build(as_of=FIRST) as warehouse:
        publications = records(
            warehouse,
            "select publication_no, is_running_build from intermediate.int_publications__numbered",
        )
        said = records(warehouse, "select distinct publication_no from marts.fct_published_cells")

        assert restatements(warehouse) == []
    assert publications == [{"publication_no": 1, "is_running_build": False}]
    assert said == [{"publication_no": 1}]
    assert shop.rows["published_cells"] == before


@pytest.mark.slow
def test_only_settled_months_are_said(shop: Shop) -> None:
    shop.publish()

    months = {row["cell_month"].isoformat()[:7] for row in shop.rows["published_cells"]}
    keys = {str(row["cell_key"]).split("|")[0] for row in shop.rows["published_cells"]}

    assert months == {"2026-08", "2026-09", "2026-10"}
    assert not [key for key in keys if key == "all" or key.startswith("trailing")]
