"""Dagster's history is written without waiting for the disk; the ledger never is."""

import sqlite3
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy

from pipelines.history import instance_of
from pipelines.settings import Home
from pipelines.state import ledger_engine


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


def test_the_history_commits_without_waiting_for_the_disk_and_the_ledger_does_not(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path / "shop")
    ledger = ledger_engine(home)
    asked = sqlalchemy.text("pragma synchronous")
    full, normal = 2, 1

    with instance_of(home) as instance, ledger.connect() as strict:
        assert strict.execute(asked).scalar() == full
        with instance.event_log_storage.index_connection() as loose:
            assert loose.execute(asked).scalar() == normal


def test_two_runs_are_told_apart_and_only_one_of_them_is_held_open(tmp_path: Path) -> None:
    home = Home(tmp_path / "shop")

    with instance_of(home) as instance:
        runs = [dg.materialize([something], instance=instance).run_id for _ in range(3)]
        logs = [instance.all_logs(run_id) for run_id in runs]
        opened = list(home.dagster.rglob("*-wal"))

    assert [{entry.run_id for entry in log} for log in logs] == [{run_id} for run_id in runs]
    assert {file.name for file in opened} <= {"index.db-wal", f"{runs[-1]}.db-wal", "runs.db-wal"}


def test_a_change_of_the_history_that_failed_half_way_is_not_kept(tmp_path: Path) -> None:
    home = Home(tmp_path / "shop")

    with instance_of(home) as instance:
        log = instance.event_log_storage
        with log.index_connection() as connection:
            connection.exec_driver_sql("create table note (words text)")
        with pytest.raises(sqlalchemy.exc.OperationalError), log.index_connection() as broken:
            _ = [
                broken.exec_driver_sql(f"insert into {table} values ('half')")
                for table in ("note", "nowhere")
            ]
        with log.index_connection() as connection:
            assert connection.exec_driver_sql("select count(*) from note").scalar() == 0
