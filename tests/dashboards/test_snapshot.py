"""The one reader: locked, bound, checked, and of one formula with the models."""

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from dashboards.snapshot import NoSnapshot, Snapshot, current
from pipelines.settings import Home
from tests.dashboards.fixture import publish_kind


@pytest.fixture
def snapshot(published: dict[str, Path]) -> Snapshot:
    return current(Home(published["demo"] / "demo"))


def test_the_file_says_whose_it_is_and_as_of_when(snapshot: Snapshot) -> None:
    assert snapshot.facts.shop_name == "テストショップ"
    assert snapshot.facts.as_of_at == dt.datetime(2026, 11, 19, 21, 5, tzinfo=dt.UTC)
    assert snapshot.settings["small_n"] == 30


def test_a_ratio_is_the_stored_macros(snapshot: Snapshot) -> None:
    rate = snapshot.ratio(109, 598)

    assert (round(rate.value or 0, 4), round(rate.low or 0, 3), round(rate.high or 0, 3)) == (
        0.1823,
        0.153,
        0.215,
    )


@pytest.mark.parametrize(("k", "n"), [(None, 10), (0, 0), (3, None)])
def test_an_unknown_part_makes_an_unknown_rate(
    snapshot: Snapshot, k: int | None, n: int | None
) -> None:
    assert snapshot.ratio(k, n).value is None


def test_read_gives_bound_rows_and_their_intervals(snapshot: Snapshot) -> None:
    rows = snapshot.read(
        "rpt_repeat_rate",
        {"period_key": "trailing_12", "from_order_no": 1, "within_days": [30, 90]},
        rates=("repeat_rate",),
    )

    assert rows.height == 1
    assert rows["repeat_rate_low"][0] < rows["repeat_rate"][0] < rows["repeat_rate_high"][0]


def test_shares_lie_end_to_end(snapshot: Snapshot) -> None:
    rows = snapshot.read(
        "rpt_recovery_waterfall",
        {"period_key": "all", "campaign_key": "all", "dimension": "all"},
        ranks={"terminal_state": ["recovered", "not_identified"]},
        order_by=("terminal_state_rank", "state_order"),
        running="episode_count",
    )

    assert rows["running_from"][0] == 0
    assert rows["running_from"][1:].to_list() == rows["running_to"][:-1].to_list()
    assert rows["running_to"][-1] == rows["total_episode_count"][0]
    assert rows["terminal_state"][-2:].to_list() == ["recovered", "not_identified"]


def test_a_sum_of_nothing_is_unknown_and_a_count_of_nothing_is_zero(snapshot: Snapshot) -> None:
    nowhere = {"period_key": "1999-01"}

    assert snapshot.total("rpt_recovery_waterfall", nowhere, column="episode_count") is None
    assert snapshot.total("rpt_recovery_waterfall", nowhere) == 0


@pytest.mark.parametrize("column", ["1=1 or period_key", 'period_key" or "x', "nowhere"])
def test_a_name_the_table_does_not_have_is_refused(snapshot: Snapshot, column: str) -> None:
    with pytest.raises(KeyError):
        snapshot.read("rpt_reach", {column: "x"})
    with pytest.raises(KeyError):
        snapshot.read("rpt_reach", {}, order_by=(column,))
    with pytest.raises(KeyError):
        snapshot.total("rpt_reach", {}, column=column)


def test_a_runaway_statement_is_stopped(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboards.snapshot.QUERY_SECONDS", 0.2)

    with pytest.raises(duckdb.InterruptException):
        snapshot._rows(
            "select sum(a.range * b.range) from range(10000000) a, range(10000000) b", []
        )


def test_the_snapshot_is_reopened_when_the_pointer_moves(tmp_path: Path) -> None:
    home = publish_kind(tmp_path, "small")
    first = current(home)
    assert current(home) is first

    publish_kind(tmp_path, "no_carts")
    second = current(home)

    assert second.path != first.path
    assert not second.has("rpt_recovery_waterfall")
    assert first.has("rpt_recovery_waterfall")


def test_without_a_whole_file_the_reader_says_which(tmp_path: Path) -> None:
    home = Home(tmp_path / "aoi")
    with pytest.raises(NoSnapshot) as missing:
        current(home)
    assert not missing.value.is_damaged

    home = publish_kind(tmp_path, "small")
    for path in home.published.glob("*.duckdb"):
        path.write_bytes(b"")
    with pytest.raises(NoSnapshot) as damaged:
        current(home)
    assert damaged.value.is_damaged

    (home.published / "CURRENT.json").write_text("{")
    with pytest.raises(NoSnapshot) as unreadable:
        current(home)
    assert unreadable.value.is_damaged
