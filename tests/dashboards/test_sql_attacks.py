"""What somebody types or puts into a link is a value; what the pages' connection can reach."""

import re
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dashboards.snapshot import Snapshot, current
from pipelines.settings import Home
from tests.dashboards.conftest import Opener, shown

ATTACKS = (
    "' or '1'='1",
    "' or 1=1 --",
    "x'); drop table rpt_reach; --",
    "' union select * from dim_persons --",
    '" or "1"="1',
    "%",
    "_",
    "\\",
    "$1",
    "?",
    "all\x00",
    "ａｌｌ",
    "all ",
    "ALL",
)
# Real values come along: a filter that lets nothing through is no filter.
TYPED = st.sampled_from((*ATTACKS, "all", "trailing_12")) | st.text(max_size=30)


@pytest.fixture(scope="module")
def snapshot(published: dict[str, Path]) -> Snapshot:
    return current(Home(published["demo"] / "demo"))


@given(value=TYPED, others=st.lists(TYPED, max_size=3))
@hypothesis_settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_filter_finds_the_rows_that_hold_the_value_and_no_other(
    snapshot: Snapshot, value: str, others: list[str]
) -> None:
    table, column = "rpt_reach", "period_key"
    stored = snapshot.read(table, {})[column].to_list()
    several = [value, *others]

    assert snapshot.read(table, {column: value}).height == stored.count(value)
    assert snapshot.total(table, {column: value}) == stored.count(value)
    assert snapshot.total(table, {f"{column} !=": value}) == len(stored) - stored.count(value)
    assert snapshot.read(table, {column: several}).height == len(
        [one for one in stored if one in several]
    )


def test_a_link_that_asks_for_nonsense_shows_what_a_plain_one_shows(
    opened: Opener, drawn: Opener
) -> None:
    attack = "' or a=a --<script>alert()</script>"
    chosen = dict.fromkeys(("period", "campaign", "view", "step", "arm"), attack)
    page = opened("cart_recovery", **chosen)
    bodies = [e.proto.body for e in page.get("html") if hasattr(e.proto, "body")]
    figures, plain = (
        re.findall(r"\d[\d,.]*", shown(one)) for one in (page, drawn("cart_recovery"))
    )

    assert len(figures) > 50
    assert bodies
    assert figures == plain
    assert not any("<script>alert" in body for body in bodies)


@pytest.mark.parametrize(
    "attack",
    [
        "select * from read_text('/etc/passwd')",
        "select * from read_csv('/etc/passwd')",
        "select * from read_blob('{folder}/*')",
        "select * from glob('{folder}/*')",
        "select * from '{folder}/other.parquet'",
        "select 1; select * from read_text('/etc/passwd')",
        "copy (select 1) to '{folder}/stolen.csv'",
        "copy rpt_reach to '{folder}/stolen.parquet'",
        "export database '{folder}/stolen'",
        "attach '{folder}/other.duckdb'",
        "attach ':memory:' as other",
        "install httpfs",
        "load httpfs",
        "load '{folder}/x.duckdb_extension'",
        "set enable_external_access = true",
        "set lock_configuration = false",
        "reset enable_external_access",
        "set memory_limit = '100GB'",
        "set threads = 64",
        "set temp_directory = '{folder}'",
        "pragma memory_limit='100GB'",
        "insert into rpt_reach select * from rpt_reach",
        "update rpt_reach set period_key = 'x'",
        "delete from rpt_reach",
        "drop table rpt_reach",
        "create table mine (a integer)",
        "create persistent secret mine (type s3)",
    ],
)
def test_the_connection_reaches_nothing_else_and_changes_nothing(
    snapshot: Snapshot, tmp_path: Path, attack: str
) -> None:
    before = snapshot.total("rpt_reach", {})

    with pytest.raises(duckdb.Error):
        snapshot.connection.cursor().execute(attack.format(folder=tmp_path))

    assert list(tmp_path.iterdir()) == []
    assert snapshot.total("rpt_reach", {}) == before
