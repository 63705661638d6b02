"""A run as of the past: what was known then, shown beside the live numbers and never over them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from pipelines.defs.street import Street
from pipelines.exports.errors import SnapshotMissing
from pipelines.exports.snapshot import open_snapshot
from pipelines.publish.pointer import Pointer, write_pointer
from pipelines.settings import REPOSITORY, Home
from tests import shop_files
from tests.compiled import marts_of
from tests.golden.rows import Book, utc

X = "2026-10-10T00:00:00+09:00"
BEFORE_X = "2026-09-10T00:00:00+09:00"
SHOP_YML = """\
id: past
name: Past
timezone: Asia/Tokyo
currency: JPY
locale: en
sources:
  - {key: orders, files: "orders/*.csv", mapping: eccube_orders_csv}
  - {key: members, files: "members/*.csv", mapping: eccube_customers_csv}
  - {key: refunds, files: "refunds/*.csv", mapping: refunds.yml}
"""
REFUNDS_YML = """\
key: refunds
system: eccube
title: {ja: 返金, en: Refunds}
read: {format: csv, encoding: utf-8}
recognise: {all: [refund, order, at, amount]}
capabilities: {refunds: full}
tables:
  - table: refunds
    columns:
      refund_id: {id: refund}
      order_id: {id: order}
      refunded_at: {from: at, formats: ["%Y-%m-%d %H:%M:%S"]}
      refund_amount: amount
      goods_amount: amount
"""


@dataclass
class Terminal:
    """A shopkeeper's terminal in front of a shop of two members, with a data folder of its own."""

    folder: Path
    data: Path

    def __call__(self, *arguments: str, code: int = 0) -> str:
        command = [str(Path(sys.executable).with_name("okaeri")), *arguments]
        environment = os.environ | {"OKAERI_HOME": str(self.data), "LANG": "en_US.UTF-8"}
        done = subprocess.run(
            command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, f"{arguments}\n{said[-6000:]}"
        return said

    def run(self, *arguments: str) -> str:
        return self("run", "--shop", str(self.folder / "shop.yml"), *arguments)

    def rows(self, query: str, *arguments: str) -> list[tuple]:
        shop = ("--shop", str(self.folder / "shop.yml"))
        said = self("sql", query, "--format", "json", *shop, *arguments)
        return [tuple(row.values()) for row in json.loads(said)]

    @property
    def home(self) -> Home:
        return Home(self.data / "past")

    def order(self, number: int, *, member: int, at: str) -> None:
        rows = shop_files.eccube_order(
            number, at=at, member=str(member), email=f"m{member}@example.jp"
        )
        path = self.folder / "orders" / f"{number}.csv"
        shop_files.write_csv(path, shop_files.ECCUBE_ORDER_HEADERS, rows)

    def members(self, file: str, *rows: list[str]) -> None:
        path = self.folder / "members" / file
        shop_files.write_csv(path, shop_files.ECCUBE_MEMBER_HEADERS, rows)


def tables(home: Home) -> dict[str, object]:
    """Rows and hash of each published table, but for those that say what was published before."""
    pointer = json.loads((home.published / "CURRENT.json").read_text())
    log = {"fct_published_cells", "rpt_restatements"}
    return {name: mark for name, mark in pointer["tables"].items() if name not in log}


def publish_nothing_as(name: str, home: Home) -> None:
    """A pointer as of X to a snapshot without a table."""
    home.published.mkdir(parents=True)
    instant = datetime.fromisoformat(X).astimezone(UTC).isoformat().replace("+00:00", "Z")
    pointer = Pointer(
        snapshot_id=name, shop_id="past", is_demo=False, file="", sha256="", bytes=0,
        private_file="", private_sha256="", as_of_at=instant, settings_version="",
        code_version="", tables={},
    )  # fmt: skip
    write_pointer(home.published, pointer)


KNOWN = "select order_id, is_sale, person_id from fct_orders order by order_id"


@pytest.fixture(scope="module")
def terminal(tmp_path_factory) -> Terminal:
    """Two members with an order each; loaded after `known_at`: an order, a refund, their merge."""
    folder = tmp_path_factory.mktemp("past") / "shop"
    for name in ("orders", "members", "refunds"):
        (folder / name).mkdir(parents=True)
    (folder / "shop.yml").write_text(SHOP_YML)
    (folder / "refunds.yml").write_text(REFUNDS_YML)
    shop = Terminal(folder, folder.parent / "data")
    shop.order(1, member=1, at="2026-09-01 10:00:00")
    shop.order(2, member=2, at="2026-09-02 10:00:00")
    since = "2026-08-01 09:00:00"
    shop.members(
        "1.csv",
        shop_files.eccube_member(1, registered_at=since, email="m1@example.jp"),
        shop_files.eccube_member(2, registered_at=since, email="m2@example.jp"),
    )
    shop.run("--as-of", X)
    shop.first = tables(shop.home)
    shop.known_at = datetime.now(UTC).isoformat()
    shop.order(3, member=1, at="2026-09-20 10:00:00")
    (folder / "refunds" / "1.csv").write_text(
        "refund,order,at,amount\nr1,2,2026-09-25 10:00:00,8800\n"
    )
    # 更新日 is what makes it the newer version.
    merged = shop_files.eccube_member(2, registered_at=since, email="m1@example.jp")
    merged[shop_files.ECCUBE_MEMBER_HEADERS.index("更新日")] = "2026-09-30 09:00:00"
    shop.members("2.csv", merged)
    shop.run("--as-of", X)
    shop.live = (shop.home.published / "CURRENT.json").read_bytes()
    return shop


@pytest.fixture(scope="module")
def replayed(terminal) -> str:
    """What the terminal said of the replay."""
    return terminal.run("--as-of", X, "--known-at", terminal.known_at)


@pytest.mark.slow
def test_what_was_loaded_later_is_known_without_known_at(terminal):
    assert terminal.rows(KNOWN) == [
        ("eccube:1", True, "eccube:1"),
        ("eccube:2", False, "eccube:1"),
        ("eccube:3", True, "eccube:1"),
    ]


@pytest.mark.slow
def test_an_order_a_refund_and_a_merge_loaded_later_are_absent_from_a_replay(terminal, replayed):
    assert terminal.rows(KNOWN, "--replay") == [
        ("eccube:1", True, "eccube:1"),
        ("eccube:2", True, "eccube:2"),
    ]


@pytest.mark.slow
def test_a_replay_says_so_and_leaves_the_live_numbers_alone(terminal, replayed):
    assert "A replay as of 2026-10-09T15:00:00Z" in replayed
    assert (terminal.home.published / "CURRENT.json").read_bytes() == terminal.live
    assert len(terminal.rows(KNOWN)) == 3


@pytest.mark.slow
def test_a_replay_is_what_was_published_then(terminal, replayed):
    assert tables(terminal.home.replay) == terminal.first
    assert tables(terminal.home) != terminal.first


@pytest.mark.slow
def test_exports_go_on_from_the_live_numbers(terminal, replayed):
    live = json.loads(terminal.live)["snapshot_id"]

    assert open_snapshot(terminal.home, "past").snapshot_id == live


@pytest.fixture
def looks_back(tmp_path, monkeypatch) -> Callable[..., bool]:
    """Whether a run of these options is a replay, when live numbers of X are published."""
    monkeypatch.setenv("OKAERI_HOME", str(tmp_path / "data"))
    publish_nothing_as("live", Home(tmp_path / "data" / "past"))
    (tmp_path / "shop.yml").write_text(SHOP_YML)
    (tmp_path / "refunds.yml").write_text(REFUNDS_YML)

    def is_replay(**options: object) -> bool:
        street = Street(shop_file=str(tmp_path / "shop.yml"), **options)
        with street.yield_for_execution(dg.build_init_resource_context()) as running:
            assert running.built_in == (running.home.replay if running.is_replay else running.home)
            return running.is_replay

    return is_replay


def test_a_run_as_of_an_earlier_instant_is_a_replay_unless_it_is_to_be_published(looks_back):
    assert looks_back(as_of=BEFORE_X)
    assert not looks_back(as_of=BEFORE_X, replaces=True)


def test_a_run_as_of_now_or_of_the_same_instant_replaces_the_live_numbers(looks_back):
    assert not looks_back()
    assert not looks_back(as_of=X)


def test_a_run_that_knows_only_a_part_is_always_a_replay(looks_back):
    assert looks_back(known_at=X)
    assert looks_back(known_at=X, replaces=True)


def test_nothing_can_be_exported_from_a_replay(tmp_path):
    home = Home(tmp_path)
    publish_nothing_as("live", home)
    publish_nothing_as("replay", home.replay)

    with pytest.raises(SnapshotMissing, match="replay is no longer kept"):
        open_snapshot(home, "past", snapshot_id="replay")


def test_a_run_that_knows_only_a_part_never_becomes_the_live_numbers(tmp_path):
    (tmp_path / "shop.yml").write_text(SHOP_YML)
    (tmp_path / "refunds.yml").write_text(REFUNDS_YML)
    terminal = Terminal(tmp_path, tmp_path / "data")

    shop = ("--shop", str(tmp_path / "shop.yml"))
    said = terminal("run", *shop, "--known-at", X, "--publish", code=2)

    assert "exclude each other" in said


def shop_known_at(known_at: datetime | None) -> Book:
    """Loaded on 1 October: two members and their orders; on 5 October the news about them."""
    book = Book("past", timezone="Asia/Tokyo", loaded_at=utc(2026, 10, 1))
    at = {"as_of_at": utc(2026, 10, 10), "as_of_on": utc(2026, 10, 10).date()}
    book.put("runs", run_id="run", known_at=known_at or utc(2026, 10, 10), **at)
    first, news = {"loaded_at": utc(2026, 10, 1)}, {"loaded_at": utc(2026, 10, 5)}
    for who in ("a", "b"):
        book.member(who, since=utc(2026, 8, 1), consents=False, **first)
        book.put("orders", order_id=f"of {who}", customer_id=who, ordered_precision="instant",
                 ordered_at=utc(2026, 9, 1), total_amount=1000, goods_amount=1000, **first)  # fmt: skip
    book.put("orders", order_id="late", customer_id="a", ordered_precision="instant",
             ordered_at=utc(2026, 9, 20), total_amount=700, goods_amount=700, **news)  # fmt: skip
    book.put("refunds", refund_id="r", order_id="of b", refunded_at=utc(2026, 9, 25),
             refund_amount=400, goods_amount=400, **news)  # fmt: skip
    book.put("customers", customer_id="b", is_member=True, member_state="active",
             registered_at=utc(2026, 8, 1), email="a@example.jp", **news)  # fmt: skip
    return book


def orders(warehouse: duckdb.DuckDBPyConnection) -> list[tuple]:
    return warehouse.execute(
        "select order_id, person_id, revenue_amount from marts.fct_orders order by order_id"
    ).fetchall()


@pytest.mark.parametrize(
    ("known_at", "expected"),
    [
        (utc(2026, 10, 4), [("of a", "a", Decimal(1000)), ("of b", "b", Decimal(1000))]),
        (
            # 1,000 − 400.
            utc(2026, 10, 5),
            [
                ("late", "a", Decimal(700)),
                ("of a", "a", Decimal(1000)),
                ("of b", "a", Decimal(600)),
            ],
        ),
    ],
    ids=["before they were loaded", "at the instant they were loaded"],
)
def test_rows_count_from_the_instant_they_were_loaded(tmp_path, known_at, expected):
    warehouse = marts_of(shop_known_at(known_at).rows, folder=tmp_path, only=["fct_orders"])

    assert orders(warehouse) == expected
