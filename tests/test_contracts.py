"""Every promise of every suite bites: one good row, one change, exactly that promise broken."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines import contracts
from pipelines.canonical import TABLES, TAIL, Column, Table
from pipelines.contracts.engine import broken
from pipelines.contracts.rows import bad_rows, batch_query
from pipelines.contracts.suite import SUITES, Expectation, Suite

HAPPENED = dt.datetime.fromisoformat("2026-11-01T03:00:00")
LOADED = dt.datetime.fromisoformat("2026-11-01T04:00:00")
HASH = "0" * 64


def good_value(table: Table, column: Column) -> object:
    """A value that breaks nothing, the same for every table."""
    if column.name in {"email", "email_key"}:
        return None
    if column.name in {"email_hash", "person_key", "id_value"}:
        return HASH
    if column.allowed:
        return column.allowed[0]
    if column.name in GOOD_NAMES:
        return GOOD_NAMES[column.name]
    return GOOD_TYPES[column.dtype.base_type()]


GOOD_TYPES: dict[object, object] = {
    pl.String: "x",
    pl.Boolean: False,
    pl.Int64: 1,
    pl.Int16: 1,
    pl.Date: HAPPENED.date(),
    pl.Datetime: HAPPENED,
    pl.Decimal: Decimal(1),
}
GOOD_NAMES: dict[str, object] = {
    "birth_year": 1980,
    "currency": "JPY",
    "loaded_at": LOADED,
    "ends_at": HAPPENED + dt.timedelta(days=1),
    # Ids that name another row of the same table differ from the row's own.
    "parent_id": "y",
    "related_id": "y",
    "rows_read": 3,
    "address_value": HASH,
    "goods_amount": None,
    # What ends something is left open, so that its start can be moved freely.
    "closed_at": None,
    "ended_at": None,
    "completed_at": None,
    "last_at": dt.datetime.fromisoformat("9999-12-31T00:00:00"),
}


def good_row(table: Table) -> dict[str, object]:
    return {column.name: good_value(table, column) for column in (*table.columns, *TAIL)}


def batch_of(table: Table, rows: list[dict[str, object]], folder: Path) -> Path:
    path = folder / f"{table.name}.parquet"
    pl.DataFrame(rows, schema=table.schema).write_parquet(path)
    return path


def changed(table: Table, one: Expectation) -> list[dict[str, object]] | pl.DataFrame:
    """The good batch with the one change that breaks `one`."""
    row = good_row(table)
    if one.kind == "row_count":
        return []
    if one.kind == "unique":
        return [row, row]
    if one.kind == "columns":
        return pl.DataFrame([row], schema=table.schema).with_columns(pl.lit(1).alias("surprise"))
    bad = row | {name: as_typed(table, name, value) for name, value in one.broken_by}
    # Where none at all is right too, what breaks the promise is one good row among bad ones, which
    # are three versions of it: no row twice.
    versions = [{"source_updated_at": HAPPENED + dt.timedelta(seconds=n)} for n in (1, 2)]
    return [row, *(bad | version for version in versions)] if one.or_none else [bad]


def as_typed(table: Table, name: str, value: object) -> object:
    dtype = table.schema[name]
    if value is None:
        return None
    if isinstance(dtype, pl.Datetime):
        return dt.datetime.fromisoformat(str(value))
    if isinstance(dtype, pl.Date):
        return dt.date.fromisoformat(str(value))
    return Decimal(str(value)) if isinstance(dtype, pl.Decimal) else value


def frame_of(table: Table, one: Expectation) -> pl.DataFrame:
    rows = changed(table, one)
    return rows if isinstance(rows, pl.DataFrame) else pl.DataFrame(rows, schema=table.schema)


def judged(suite: Suite, path: Path) -> list[str]:
    return [one.id for one in broken(suite, batch_query=batch_query([path]))]


@pytest.mark.parametrize(
    "name",
    [
        # Every suite takes half a second or more: the rest of them where there is time.
        pytest.param(name, marks=() if name in ("events", "orders") else pytest.mark.slow)
        for name in sorted(TABLES)
    ],
)
def test_every_expectation_fails_when_one_row_changes(name: str, tmp_path: Path) -> None:
    table, suite = TABLES[name], contracts.suite_of(name)
    good = batch_of(table, [good_row(table)], tmp_path)

    assert judged(suite, good) == []

    for one in suite.expectations:
        path = tmp_path / f"{one.id}.parquet"
        frame_of(table, one).write_parquet(path)
        assert judged(replace(suite, expectations=(one,)), path) == [one.id]


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_changed_row_breaks_its_own_expectation_and_no_other(name: str, tmp_path: Path) -> None:
    table = TABLES[name]
    about_rows = [
        one
        for one in contracts.suite_of(name).expectations
        if one.kind not in {"columns", "row_count"}
    ]

    # One batch, one changed row each; the unique key is broken by the last two alone.
    rows, owners = [], []
    for one in about_rows:
        for row in changed(table, one):
            rows.append(row | {"source_updated_at": HAPPENED + dt.timedelta(seconds=len(owners))})
            owners.append(one.id)
            if one.kind == "unique":
                rows[-1]["source_updated_at"] = HAPPENED
    path = batch_of(table, rows, tmp_path)
    found = bad_rows([path], about_rows)

    named = {(owners[row["position"]], row["expectation"]) for row in found.to_dicts()}
    assert named == {(one.id, one.id) for one in about_rows}


@pytest.mark.deep
@pytest.mark.parametrize("name", sorted(TABLES))
def test_the_whole_suite_names_exactly_the_broken_expectation(name: str, tmp_path: Path) -> None:
    table, suite = TABLES[name], contracts.suite_of(name)

    for one in suite.expectations:
        path = tmp_path / f"{one.id}.parquet"
        frame_of(table, one).write_parquet(path)
        assert judged(suite, path) == [one.id]


ORDERS = TABLES["orders"]


def orders(*changes: dict[str, object]) -> list[dict[str, object]]:
    """Good orders, one per change, in file order."""
    return [
        good_row(ORDERS) | {"order_id": f"x:{number}", "row_no": number} | change
        for number, change in enumerate(changes, start=2)
    ]


def test_there_is_one_suite_per_canonical_table() -> None:
    assert {path.stem for path in SUITES.glob("*.yml")} == set(TABLES)


def test_broken_rows_are_named_and_the_rest_may_land(tmp_path: Path) -> None:
    path = batch_of(ORDERS, orders({}, {"currency": None}, {"refunded_amount": -5}), tmp_path)

    verdict = contracts.judge([path], "orders")

    assert not verdict.ok
    assert {(one.expectation, one.unexpected_count) for one in verdict.failed} == {
        ("required_currency", 1),
        ("refunded_amount_not_negative", 1),
    }
    assert verdict.bad_rows is not None
    assert verdict.bad_rows.select("position", "row_no", "expectation").rows() == [
        (1, 3, "required_currency"),
        (2, 4, "refunded_amount_not_negative"),
    ]


def test_a_batch_that_is_not_what_it_claims_is_refused_whole(tmp_path: Path) -> None:
    blank = {"source_status": ""}
    path = batch_of(ORDERS, orders({}, blank, blank, {"currency": "yen"}, blank), tmp_path)

    verdict = contracts.judge([path], "orders")

    assert verdict.bad_rows is None
    # What refuses the whole batch is told first.
    assert [one.expectation for one in verdict.failed] == ["statuses_given", "currency_code"]


def test_a_batch_without_rows_does_not_pass(tmp_path: Path) -> None:
    path = batch_of(ORDERS, [], tmp_path)

    verdict = contracts.judge([path], "orders")

    assert [one.expectation for one in verdict.failed] == ["row_count"]
    assert verdict.bad_rows is None


def test_a_source_without_amounts_passes_and_a_batch_half_without_does_not(
    tmp_path: Path,
) -> None:
    unpaid = {"total_amount": None, "paid_amount": None, "original_currency": None}

    none = contracts.judge([batch_of(ORDERS, orders(unpaid, unpaid, unpaid), tmp_path)], "orders")
    some = contracts.judge([batch_of(ORDERS, orders(unpaid, unpaid, {}), tmp_path)], "orders")

    assert none.ok
    assert [one.expectation for one in some.failed] == ["amounts_given"]
    assert some.bad_rows is None


def test_a_missing_column_refuses_the_batch_and_nothing_else_is_said(tmp_path: Path) -> None:
    path = tmp_path / "orders.parquet"
    pl.DataFrame(orders({}), schema=ORDERS.schema).drop("currency").write_parquet(path)

    verdict = contracts.judge([path], "orders")

    assert [one.expectation for one in verdict.failed] == ["columns"]


def test_of_a_repeated_key_the_last_row_may_land(tmp_path: Path) -> None:
    first = {"order_id": "x:1", "source_status": "new"}
    last = {"order_id": "x:1", "source_status": "paid"}
    untimed = {"source_updated_at": None}
    path = batch_of(ORDERS, orders(first | untimed, {}, last | untimed), tmp_path)

    verdict = contracts.judge([path], "orders")

    assert [one.expectation for one in verdict.failed] == ["unique_key"]
    assert verdict.bad_rows is not None
    assert verdict.bad_rows["row_no"].to_list() == [2]


def test_versions_with_their_own_update_times_may_come_together(tmp_path: Path) -> None:
    later = HAPPENED + dt.timedelta(minutes=1)
    versions = [{"order_id": "x:1"}, {"order_id": "x:1", "source_updated_at": later}]
    path = batch_of(ORDERS, orders(*versions), tmp_path)

    verdict = contracts.judge([path], "orders")

    assert verdict.ok


def test_files_are_opened_by_their_literal_names(tmp_path: Path) -> None:
    folder = tmp_path / "a[1]*'x"
    folder.mkdir()
    bad = batch_of(ORDERS, orders({"currency": None}), folder)
    (tmp_path / "a1*'x").mkdir()
    batch_of(ORDERS, orders({}), tmp_path / "a1*'x")

    verdict = contracts.judge([bad], "orders")

    assert verdict.bad_rows is not None
    assert verdict.bad_rows["file"].to_list() == [str(bad)]


def test_a_verdict_carries_no_value_of_a_row(tmp_path: Path) -> None:
    canary = "zz-canary@example.com"
    path = batch_of(ORDERS, orders({"email": canary, "currency": None}), tmp_path)

    verdict = contracts.judge([path], "orders")

    assert not verdict.ok
    assert verdict.bad_rows is not None
    assert canary not in repr(verdict) + verdict.bad_rows.write_csv()


def test_a_future_order_is_kept_out(tmp_path: Path) -> None:
    soon, far = LOADED + dt.timedelta(hours=23), LOADED + dt.timedelta(hours=25)
    path = batch_of(ORDERS, orders({"ordered_at": soon}, {"ordered_at": far}), tmp_path)

    verdict = contracts.judge([path], "orders")

    assert verdict.bad_rows is not None
    assert verdict.bad_rows.select("row_no", "expectation").rows() == [(3, "not_ahead_ordered_at")]
