"""Dagster's history of runs, kept in SQLite by a connection that stays open."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Self

import sqlalchemy
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy.pool import StaticPool


class OpenEventLog(SqliteEventLogStorage):
    """The same files and rows as Dagster's own, for a fraction of the work per event.

    Dagster's opens a database anew for each statement about each of a run's two thousand events,
    and waits for the disk at each close and commit: a third of a run's processor time, and on a
    busy disk half of its hours. This one holds the index and the newest run asked for open, and
    lets the disk write when it will: a power cut may take the newest lines of the history; the
    files stay whole, and nothing of a shop is in them.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._held: dict[str, sqlalchemy.Engine] = {}
        self._one_at_a_time = threading.Lock()
        self._tables: set[str] = set()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> Self:
        """The store its dagster.yaml describes."""
        return cls(inst_data=inst_data, **config_value)

    def run_connection(self, run_id: str | None = None) -> Any:
        """A transaction on one run's file."""
        return self._transaction(str(run_id))

    def index_connection(self) -> AbstractContextManager[sqlalchemy.Connection]:
        """A transaction on the file about all runs."""
        return self._transaction(INDEX_SHARD_NAME)

    def has_table(self, table_name: str) -> bool:
        """Whether the index has it; a table once there stays."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def dispose(self) -> None:
        """Close what is held: the last to close leaves nothing outside the files."""
        with self._one_at_a_time:
            for engine in self._held.values():
                engine.dispose()
            self._held.clear()
        super().dispose()

    @contextmanager
    def _transaction(self, shard: str) -> Iterator[sqlalchemy.Connection]:
        with self._one_at_a_time, self._engine(shard).begin() as connection:
            yield connection

    def _engine(self, shard: str) -> sqlalchemy.Engine:
        if shard not in self._held:
            with super()._connect(shard):
                """Made, with its tables, where it was not there yet."""
            for old in self._held.keys() - {INDEX_SHARD_NAME}:
                self._held.pop(old).dispose()
            self._held[shard] = _unhurried(self.conn_string_for_shard(shard))
        return self._held[shard]


def _unhurried(address: str) -> sqlalchemy.Engine:
    """An engine of one connection, which commits without waiting for the disk."""
    engine = sqlalchemy.create_engine(
        address,
        poolclass=StaticPool,
        connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
    )
    with engine.begin() as connection:
        connection.exec_driver_sql("pragma synchronous = normal")
    return engine
