"""Dagster's own folder of one shop: its settings, and the history of runs it keeps."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Engine, event

from pipelines.settings import Home

if TYPE_CHECKING:
    from dagster import DagsterInstance

# Crashes are tried again, red checks are not: a red check is an answer.
_SETTINGS: Final = """\
telemetry: {enabled: false}
run_coordinator: {module: dagster._core.run_coordinator, class: DefaultRunCoordinator}
run_monitoring:
  enabled: true
  start_timeout_seconds: 180
  max_runtime_seconds: 7200
  max_resume_run_attempts: 0
run_retries: {enabled: true, max_retries: 2, retry_on_asset_or_op_failure: false}
concurrency: {pools: {default_limit: 1}}
"""


def dagster_home(home: Home) -> Path:
    """Dagster's instance folder of this shop, configured."""
    home.dagster.mkdir(parents=True, exist_ok=True)
    file = home.dagster / "dagster.yaml"
    if not file.exists() or file.read_text() != _SETTINGS:
        file.write_text(_SETTINGS)
    return home.dagster


@contextmanager
def instance_of(home: Home) -> "Iterator[DagsterInstance]":
    """The shop's Dagster instance, for a run in this process."""
    from dagster import DagsterInstance

    dagster_home(home)
    instance = DagsterInstance.from_config(str(home.dagster))
    try:
        with _unhurried(home.dagster):
            yield instance
    finally:
        instance.dispose()


@contextmanager
def _unhurried(folder: Path) -> Iterator[None]:
    """SQLite files of `folder` are written without waiting for the disk at every event.

    Dagster opens, commits and closes a database for each of a run's thousand events, and each
    commit and each last close waits for the disk: half of a run's time on a busy one. A power cut
    may take the newest lines of the history; the files stay whole, and nothing else is in them.
    """
    held: dict[str, sqlite3.Connection] = {}

    def connected(connection: object, _: object) -> None:
        if not isinstance(connection, sqlite3.Connection):
            return
        file = str(connection.execute("pragma database_list").fetchone()[2])
        if not Path(file).is_relative_to(folder.resolve()):
            return
        connection.execute("pragma synchronous = normal")
        if file not in held:
            held[file] = sqlite3.connect(file, check_same_thread=False)
        # Somebody else has read it: no close is the last one, which would wait.
        held[file].execute("select count(*) from sqlite_master").fetchone()

    event.listen(Engine, "connect", connected)
    try:
        yield
    finally:
        event.remove(Engine, "connect", connected)
        for connection in held.values():
            with closing(connection):
                connection.execute("pragma wal_checkpoint(truncate)")
