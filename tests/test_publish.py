"""Publish: immutable, torn for nobody, private where it must be, readable to the locked only."""

import datetime as dt
import json
import multiprocessing
import stat
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pytest

from pipelines import publish as publishing
from pipelines.publish import (
    BuildNotClosed,
    CatalogueIncomplete,
    NothingPublished,
    PersonalDataExposed,
    locate,
    open_published,
    publish,
)
from pipelines.settings import Home
from tests.publishing import PRIVATE, ModelSpec, RunStub, ShopStub, manifest_of, write_build


def orders(total: int, *, count: int = 10) -> list[ModelSpec]:
    """Three tables that agree with each other on one number."""
    numbers = f"select {total} as total, i from range({count}) as r(i)"
    return [
        ModelSpec("fct_orders", numbers, columns={"total": {"metric": {"unit": "orders"}}}),
        ModelSpec("dim_persons", numbers),
        ModelSpec("seg_winback", numbers, schema="segments"),
        *PRIVATE,
    ]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "demo")


def publish_build(home: Home, run: RunStub | None = None) -> publishing.Snapshot:
    return publish(home, shop=ShopStub(), run=run or RunStub(), manifest=manifest_of(home))


def publish_numbers(home: Home, total: int) -> publishing.Snapshot:
    write_build(home, orders(total))
    return publish_build(home)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"tables": 1}'])
def test_a_damaged_pointer_is_refused_by_name_and_mended_by_the_next_run(
    home: Home, content: str
) -> None:
    first = publish_numbers(home, 1)
    pointer = home.published / "CURRENT.json"
    pointer.write_text(content)

    with pytest.raises(publishing.NothingPublished, match="is damaged"):
        publishing.locate(home)

    assert publish_build(home).snapshot_id == first.snapshot_id
    assert publishing.locate(home).path == first.path


def test_the_same_content_is_the_same_snapshot_and_leaves_the_pointer_untouched(home: Home) -> None:
    first = publish_numbers(home, 1)
    pointer = home.published / "CURRENT.json"
    before = (pointer.read_bytes(), pointer.stat().st_mtime_ns, pointer.stat().st_ino)

    second = publish_numbers(home, 1)

    assert first.is_new
    assert not second.is_new
    assert second == replace(first, is_new=False)
    assert before == (pointer.read_bytes(), pointer.stat().st_mtime_ns, pointer.stat().st_ino)


def test_a_constant_column_that_changes_in_every_row_is_seen(home: Home) -> None:
    """Ten rows: a plain xor of row hashes cancels an even number of equal changes."""
    first = publish_numbers(home, 1)

    assert publish_numbers(home, 2).tables["fct_orders"] != first.tables["fct_orders"]


def test_row_order_alone_makes_no_new_snapshot(home: Home) -> None:
    first = publish_numbers(home, 1)
    models = orders(1)
    models[0] = replace(models[0], select=models[0].select + " order by i desc")
    write_build(home, models)

    assert publish_build(home).snapshot_id == first.snapshot_id


@pytest.mark.parametrize(
    "run",
    [
        RunStub(as_of_at=dt.datetime(2026, 11, 19, 23, 5, tzinfo=dt.UTC)),
        RunStub(settings_version="settings2"),
        RunStub(code_version="code2"),
    ],
)
def test_another_instant_setting_or_code_is_another_snapshot(home: Home, run: RunStub) -> None:
    first = publish_numbers(home, 1)

    second = publish_build(home, run=run)

    assert second.is_new
    assert second.path != first.path
    assert first.path.exists()


def test_a_changed_address_is_a_new_snapshot_of_both_files(home: Home) -> None:
    first = publish_numbers(home, 1)
    moved = replace(PRIVATE[0], select=PRIVATE[0].select.replace("hanako", "taro"))
    write_build(home, [*orders(1)[:3], moved, *PRIVATE[1:]])

    second = publish_build(home)

    assert second.is_new
    assert second.snapshot_id != first.snapshot_id
    assert second.tables == first.tables


def test_the_pointer_names_file_digest_rows_and_hash(home: Home) -> None:
    snapshot = publish_numbers(home, 7)

    pointer = json.loads((home.published / "CURRENT.json").read_text())

    assert pointer["snapshot_id"] == snapshot.snapshot_id
    assert pointer["file"] == snapshot.path.name
    assert pointer["bytes"] == snapshot.path.stat().st_size
    assert pointer["as_of_at"] == "2026-11-19T21:05:00Z"
    assert pointer["is_demo"] is True
    assert pointer["tables"]["fct_orders"]["rows"] == 10
    assert set(pointer["tables"]) == {"fct_orders", "dim_persons", "seg_winback"}


def test_the_private_file_holds_addresses_and_is_closed_to_others(home: Home) -> None:
    snapshot = publish_numbers(home, 1)

    assert stat.S_IMODE(snapshot.private_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.private.stat().st_mode) == 0o700
    with duckdb.connect(str(snapshot.private_path), read_only=True) as connection:
        names = {row[0] for row in connection.execute("show tables").fetchall()}
    assert names == {
        "dim_person_contacts", "int_persons__keys", "int_persons__contactable",
        "int_recovery__shop_mails",
    }  # fmt: skip
    assert b"hanako@example.jp" not in snapshot.path.read_bytes()


@pytest.mark.parametrize(
    "stray",
    [
        ModelSpec("fct_letters", "select 'a' as note", tags=("pii",)),
        ModelSpec("fct_letters", "select 'hanako@example.jp' as email"),
        ModelSpec("seg_letters", "select '03-0000' as phone_raw", schema="segments"),
    ],
)
def test_a_table_with_personal_data_is_refused_and_nothing_moves(
    home: Home, stray: ModelSpec
) -> None:
    first = publish_numbers(home, 1)
    write_build(home, [*orders(2), stray])

    with pytest.raises(PersonalDataExposed, match=stray.name):
        publish_build(home)

    assert locate(home).pointer.snapshot_id == first.snapshot_id
    assert sorted(p.name for p in home.published.glob("*.duckdb")) == [first.path.name]


def test_a_build_with_a_log_beside_it_is_refused(home: Home) -> None:
    build = write_build(home, orders(1))
    build.with_name(build.name + ".wal").write_bytes(b"left by a killed dbt")

    with pytest.raises(BuildNotClosed, match="wal"):
        publish_build(home)


def hold_open(
    path: str, ready: "multiprocessing.synchronize.Event", done: "multiprocessing.synchronize.Event"
) -> None:
    with duckdb.connect(path):
        ready.set()
        done.wait(60)


def test_a_build_another_process_writes_is_refused(home: Home) -> None:
    build = write_build(home, orders(1))
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    writer = context.Process(target=hold_open, args=(str(build), ready, done))
    writer.start()
    assert ready.wait(60)
    try:
        with pytest.raises(BuildNotClosed):
            publish_build(home)
    finally:
        done.set()
        writer.join()


def test_a_missing_macro_is_refused(home: Home) -> None:
    write_build(home, orders(1))
    file = manifest_of(home)
    manifest = json.loads(file.read_text())
    del manifest["macros"]["macro.okaeri.newcombe_low"]
    file.write_text(json.dumps(manifest))

    with pytest.raises(CatalogueIncomplete, match="newcombe_low"):
        publish_build(home)


def test_three_snapshots_are_kept_of_both_files(home: Home) -> None:
    made = [publish_numbers(home, total) for total in range(5)]

    kept = {snapshot.path.name for snapshot in made[-3:]}
    assert {p.name for p in home.published.glob("*.duckdb")} == kept
    assert {p.name for p in home.private.glob("*.duckdb")} == kept
    assert [p.file for p in locate(home).pointer.chain()] == [s.path.name for s in made[:1:-1]]


def test_content_published_before_comes_back_under_its_own_name(home: Home) -> None:
    first = publish_numbers(home, 1)
    publish_numbers(home, 2)

    again = publish_numbers(home, 1)

    assert again.snapshot_id == first.snapshot_id
    assert locate(home).pointer.file == first.path.name
    assert len(locate(home).pointer.previous) == 1


def test_a_damaged_file_is_passed_over_for_the_one_before(home: Home) -> None:
    older = publish_numbers(home, 1)
    newer = publish_numbers(home, 2)
    damaged = bytearray(newer.path.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    newer.path.write_bytes(damaged)

    found = locate(home)

    assert found.is_fallback
    assert found.path == older.path
    with closing(open_published(home)) as connection:
        assert connection.execute("select distinct total from fct_orders").fetchall() == [(1,)]


def test_a_snapshot_damaged_later_is_made_again_by_the_next_run(home: Home) -> None:
    only = publish_numbers(home, 1)
    only.path.unlink()
    with pytest.raises(NothingPublished, match="okaeri run"):
        locate(home)

    again = publish_build(home)

    assert again.is_new
    assert locate(home).path == only.path


def test_before_the_first_run_the_reader_says_what_to_do(home: Home) -> None:
    with pytest.raises(NothingPublished, match="okaeri run"):
        open_published(home)


def test_the_catalogue_describes_every_column(home: Home) -> None:
    publish_numbers(home, 1)

    with closing(open_published(home)) as connection:
        columns = connection.execute(
            "select column_name, description, json_extract_string(meta, '$.metric.unit')"
            " from catalogue_columns where model_name = 'fct_orders' order by column_position"
        ).fetchall()
        models = connection.execute(
            "select model_name, row_count from catalogue_models order by model_name"
        ).fetchall()
        shop = connection.execute(
            "select shop_id, timezone, is_demo from catalogue_snapshot"
        ).fetchall()

    assert columns == [("total", "About total.", "orders"), ("i", "", None)]
    assert models == [("dim_persons", 10), ("fct_orders", 10), ("seg_winback", 10)]
    assert shop == [("demo", "Asia/Tokyo", True)]


def test_a_receipt_says_what_a_rate_is_made_of(home: Home) -> None:
    told = {"numerator": "wins", "denominator": "tries", "unit": "person", "format": "rate",
            "is_additive": True, "window": "recovery_window_days", "maturity": "is_mature",
            "description_ja": "勝ち ÷ 回数"}  # fmt: skip
    estimated = {"kind": "median", "unit": "person", "format": "money"}
    spec = ModelSpec(
        "rpt_games",
        "select 1 as wins, 2 as tries, 0.5 as win_rate, 3.0 as median_amount, true as is_mature",
        columns={"win_rate": {"metric": told}, "median_amount": {"metric": estimated}},
    )
    write_build(home, [spec, *PRIVATE])
    publish_build(home)

    with closing(open_published(home)) as connection:
        receipts = connection.execute("select * from catalogue_metrics order by column_name")
        rows = receipts.pl().to_dicts()

    nothing = dict.fromkeys(
        ("numerator", "denominator", "time_window", "maturity", "description_ja")
    )
    assert rows == [
        {"model_name": "rpt_games", "column_name": "median_amount", "is_additive": False,
         "description": "About median_amount.", **estimated, **nothing},
        {"model_name": "rpt_games", "column_name": "win_rate", "kind": "quotient",
         "description": "About win_rate.", "time_window": told.pop("window"), **told},
    ]  # fmt: skip


def test_the_stored_small_number_rules_hide_few_people_also_by_subtraction(home: Home) -> None:
    """Five is the least shown.

    a: 3 of 32 stands alone, so 9 goes too. b: 3 and 4 are seven together. c: 1 and 2 are three
    together, fewer than five, so 8 goes too; nobody is no secret. d: none is few.
    """
    publish_numbers(home, 1)
    cells = (
        "('a', 3), ('a', 9), ('a', 20), ('b', 3), ('b', 4), ('b', 30), ('c', 1), ('c', 2),"
        " ('c', 8), ('c', 0), ('c', null), ('d', 5), ('d', 8)"
    )

    with closing(open_published(home)) as connection:
        hidden = connection.execute(
            "select split, persons from (select *, is_hidden(persons, 5, split) as is_gone"
            f" from (values {cells}) as cells (split, persons)) where is_gone order by all"
        ).fetchall()
        small = connection.execute(
            "select is_small(29, 30), is_small(30, 30), is_small(null, 30)"
        ).fetchone()

    assert hidden == [("a", 3), ("a", 9), ("b", 3), ("b", 4), ("c", 1), ("c", 2), ("c", 8)]
    assert small == (True, False, True)


def test_the_stored_intervals_are_the_articles(home: Home) -> None:
    """109 of 598 opens: 15.3 to 21.5 %; 4 of 25 clicks: 6.4 to 34.7 % (Wilson, 95 %).

    Newcombe's own example, 56/70 against 48/80: 5.24 to 33.39 points (1998, table II, method 10).
    """
    publish_numbers(home, 1)

    with closing(open_published(home)) as connection:
        row = connection.execute(
            "select wilson_low(109, 598), wilson_high(109, 598), wilson_low(4, 25),"
            " wilson_high(4, 25), newcombe_low(56, 70, 48, 80), newcombe_high(56, 70, 48, 80),"
            " wilson_low(0, 0)"
        ).fetchone()

    assert row is not None
    assert [round(value, 3) for value in row[:4]] == [0.153, 0.215, 0.064, 0.347]
    assert [round(value, 4) for value in row[4:6]] == [0.0524, 0.3339]
    assert row[6] is None


@pytest.mark.parametrize(
    "attack",
    [
        "select * from read_text('/etc/passwd')",
        "copy (select 1) to '{folder}/stolen.csv'",
        "attach '{folder}/other.duckdb' as other",
        "set enable_external_access = true",
        "set memory_limit = '100GB'",
        "install httpfs",
        "create table extra as select 1",
        "export database '{folder}/dump'",
        "select 1; copy (select 1) to '{folder}/stolen.csv'",
    ],
)
def test_a_locked_reader_reaches_nothing_but_the_snapshot(
    home: Home, tmp_path: Path, attack: str
) -> None:
    publish_numbers(home, 1)

    with closing(open_published(home)) as connection, pytest.raises(duckdb.Error):
        connection.execute(attack.format(folder=tmp_path))

    assert not (tmp_path / "stolen.csv").exists()
    assert not (tmp_path / "dump").exists()


@dataclass(frozen=True)
class Seen:
    """What one reader process saw."""

    reads: int
    torn: int
    totals: tuple[int, ...]


def read_until_told(
    folder: str,
    done: "multiprocessing.synchronize.Event",
    ready: "multiprocessing.synchronize.Event",
    results: "multiprocessing.Queue[Seen]",
) -> None:
    """Follows the pointer; a read is torn if the three tables do not agree on one number."""
    home, reads, torn, totals, name = Home(Path(folder)), 0, 0, [], ""
    connection: duckdb.DuckDBPyConnection | None = None
    while True:
        last = done.is_set()
        found = locate(home)
        if found.path.name != name:
            if connection is not None:
                connection.close()
            connection, name = open_published(home), found.path.name
        assert connection is not None
        rows = connection.execute(
            "select total, count(*) from (select total from fct_orders union all"
            " select total from dim_persons union all select total from seg_winback) group by total"
        ).fetchall()
        reads, torn = reads + 1, torn + (len(rows) != 1 or rows[0][1] != 30)
        if rows[0][0] not in totals:
            totals.append(rows[0][0])
        ready.set()
        if last:
            break
    results.put(Seen(reads, torn, tuple(totals)))


@pytest.mark.slow
def test_no_reader_sees_a_torn_snapshot_over_twelve_publishes(home: Home) -> None:
    publish_numbers(home, 0)
    context = multiprocessing.get_context("spawn")
    done, results = context.Event(), context.Queue()
    ready = [context.Event() for _ in range(3)]
    readers = [
        context.Process(target=read_until_told, args=(str(home.path), done, event, results))
        for event in ready
    ]
    for reader in readers:
        reader.start()
    assert all(event.wait(60) for event in ready)

    for total in range(1, 13):
        publish_numbers(home, total)
    done.set()
    seen = [results.get(timeout=60) for _ in readers]
    for reader in readers:
        reader.join()

    assert [reader.exitcode for reader in readers] == [0, 0, 0]
    assert [one.torn for one in seen] == [0, 0, 0]
    # The last loop begins after the last publish, so every reader ends on it.
    assert [one.totals[-1] for one in seen] == [12, 12, 12]
    assert all(len(one.totals) > 2 for one in seen)


def test_a_publish_killed_before_the_pointer_moves_leaves_yesterday(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish_numbers(home, 1)
    write_build(home, orders(2))

    def killed(path: Path) -> None:
        raise KeyboardInterrupt(path)

    monkeypatch.setattr("pipelines.publish.writer.to_disk", killed)
    with pytest.raises(KeyboardInterrupt):
        publish_build(home)
    monkeypatch.undo()

    assert locate(home).path == first.path
    second = publish_build(home)
    assert second.is_new
    assert not list(home.published.glob(".*.tmp"))
