"""Many rows in and out of a state database, at the driver's own pace and in one dialect's words."""

import gc
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from pipelines.state import Instant

# Keys of one look-up, sent as one value.
_KEYS: Final = 50_000


@contextmanager
def collector_paused() -> Iterator[None]:
    """A plan is millions of small objects and no cycle: looking for cycles is a tenth of its time.

    What others made before is collected as ever once the block has ended.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def by_keys(
    connection: sa.Connection,
    query: sa.Select[Any],
    column: sa.ColumnElement[str],
    keys: Sequence[str],
) -> Iterator[sa.Row[Any]]:
    """Rows of a query whose column is one of these keys, however many they are."""
    for start in range(0, len(keys), _KEYS):
        among = _listed(connection, keys[start : start + _KEYS])
        yield from connection.execute(query.where(column.in_(among)))


def _listed(connection: sa.Connection, keys: Sequence[str]) -> sa.Select[Any]:
    # One bound value however many keys: a value for each costs more to prepare than to look up.
    given = sa.bindparam("keys", json.dumps(keys), sa.Text)
    if connection.dialect.name == "postgresql":
        elements = sa.func.json_array_elements_text(sa.cast(given, sa.JSON))
    else:
        elements = sa.func.json_each(given)
    # Named with its table: a bare name would be the outer query's column, and every row be found.
    listed = elements.table_valued("value", name="given")
    return sa.select(listed.c.value)


def insert_rows(
    connection: sa.Connection,
    table: sa.Table,
    rows: Sequence[Mapping[str, object]],
    *,
    ignore_taken: bool = False,
) -> None:
    """Insert many rows at the driver's own pace; each has the keys of the first.

    `ignore_taken`: rows whose key stands there already are left out.
    """
    if not rows:
        return
    dialect = connection.dialect
    names = list(rows[0])
    statement = insert_for(connection, table)
    insert: sa.Insert = statement.on_conflict_do_nothing() if ignore_taken else statement
    compiled = insert.compile(dialect=dialect, column_keys=names)
    order = compiled.positiontup
    if order is None:
        connection.execute(insert, list(rows))
        return
    bind = {name: _binder(table.c[name].type, dialect) for name in names}
    columns = [[bind[name](row[name]) for row in rows] for name in order]
    connection.exec_driver_sql(str(compiled), list(zip(*columns, strict=True)))


def _binder(type_: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> Callable[[Any], Any]:
    bind = type_.dialect_impl(dialect).bind_processor(dialect)
    if bind is None:
        return lambda value: value
    # Most rows of a batch carry the same few instants.
    return lru_cache(maxsize=1 << 12)(bind) if isinstance(type_, Instant | sa.Date) else bind


def insert_for(connection: sa.Connection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT of the connection's own dialect, which can say what to do on a conflict."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
