"""Dagster's history is written without waiting for the disk; the ledger never is."""

import sqlite3
from pathlib import Path

import dagster as dg
import sqlalchemy

from pipelines.history import instance_of
from pipelines.settings import Home


@dg.asset
def something() -> None:
    """One event or two to keep."""


def test_a_run_is_in_the_history_when_its_process_has_let_go(tmp_path: Path) -> None:
    home = Home(tmp_path / "shop")

    with instance_of(home) as instance:
        run = dg.materialize([something], instance=instance)

    assert not list(home.dagster.rglob("*-wal")), "nothing is left outside the files"
    (file,) = home.dagster.glob(f"history/runs/{run.run_id}.db")
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as reader:
        kinds = {row[0] for row in reader.execute("select dagster_event_type from event_logs")}
    assert {"ASSET_MATERIALIZATION", "PIPELINE_SUCCESS"} <= kinds


def test_only_the_history_is_in_no_hurry(tmp_path: Path) -> None:
    home = Home(tmp_path / "shop")
    ledger = sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'shop' / 'ledger.db'}")
    history = sqlalchemy.create_engine(f"sqlite:///{home.dagster / 'of_runs.db'}")
    asked = sqlalchemy.text("pragma synchronous")
    full, normal = 2, 1

    with instance_of(home), ledger.connect() as strict, history.connect() as loose:
        assert strict.execute(asked).scalar() == full
        assert loose.execute(asked).scalar() == normal
    history.dispose()

    with history.connect() as later:
        assert later.execute(asked).scalar() == full
