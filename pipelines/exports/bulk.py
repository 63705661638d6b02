"""Many rows in and out of a state database, at the driver's own pace and in one dialect's words."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from pipelines.state import Instant

# Keys of one look-up, sent as one value.
_KEYS: Final = 50_000
# Values of one statement, below SQLite's limit of them. A statement of many rows is carried out
# without the interpreter: what comes next is made meanwhile.
_VALUES: Final = 30_000


def frame(connection: sa.Connection, query: sa.Select[Any]) -> pl.DataFrame:
    """All rows of a query as columns. Units: instants naive UTC."""
    return _frame(query, _fetched(connection, query), dialect=connection.dialect)


def by_keys(
    connection: sa.Connection,
    query: sa.Select[Any],
    column: sa.ColumnElement[str],
    keys: pl.Series,
) -> pl.DataFrame:
    """Rows of a query whose column is one of these keys, however many they are."""
    wanted = keys.unique().sort()
    # Of nobody, too: the columns are there.
    found = [
        frame(connection, query.where(column.in_(_listed(connection, some.to_list()))))
        for some in (wanted.slice(at, _KEYS) for at in range(0, max(wanted.len(), 1), _KEYS))
    ]
    return pl.concat(found)


def _fetched(connection: sa.Connection, query: sa.Select[Any]) -> list[tuple[Any, ...]]:
    # Straight from the driver: turning each value into an object of ours costs more than the query.
    cursor = connection.execute(query).cursor
    return [] if cursor is None else list(cursor.fetchall())


def _frame(
    query: sa.Select[Any], rows: list[tuple[Any, ...]], *, dialect: sa.Dialect
) -> pl.DataFrame:
    names = [column.name for column in query.selected_columns]
    kinds = [_kind(column.type) for column in query.selected_columns]
    # SQLite holds instants and days as texts, and truth as a number.
    are_plain = dialect.name == "sqlite"
    held = {n: k.held if are_plain else k.type for n, k in zip(names, kinds, strict=True)}
    # Column by column, which costs half of what rows cost.
    columns = (
        pl.Series(n, [row[place] for row in rows], type_)
        for place, (n, type_) in enumerate(held.items())
    )
    return pl.DataFrame(list(columns)).select(
        k.read(pl.col(n)) if are_plain else pl.col(n) for n, k in zip(names, kinds, strict=True)
    )


@dataclass(frozen=True)
class _Kind:
    """A kind of column: its type in a frame, and how SQLite holds it."""

    type: pl.DataType
    held: pl.DataType
    read: Callable[[pl.Expr], pl.Expr] = lambda column: column


_TEXT: Final = _Kind(pl.String(), pl.String())
_KINDS: Final = (
    (Instant, _Kind(
        pl.Datetime("us"), pl.String(),
        lambda c: c.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us"),
    )),
    (sa.Date, _Kind(pl.Date(), pl.String(), lambda c: c.str.to_date("%Y-%m-%d"))),
    (sa.Boolean, _Kind(pl.Boolean(), pl.Int64(), lambda c: c.cast(pl.Boolean))),
    (sa.Integer, _Kind(pl.Int64(), pl.Int64())),
    (sa.LargeBinary, _Kind(pl.Binary(), pl.Binary())),
)  # fmt: skip


def _kind(type_: sa.types.TypeEngine[Any]) -> _Kind:
    return next((found for kind, found in _KINDS if isinstance(type_, kind)), _TEXT)


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


def insert(
    connection: sa.Connection,
    table: sa.Table,
    rows: pl.DataFrame,
    *,
    ignore_taken: bool = False,
    newer: Sequence[str] = (),
) -> None:
    """Insert the rows of a frame, named as the table's columns, at the driver's own pace.

    `ignore_taken`: rows whose key stands there already are left out. `newer`: columns in which a
    row that stands there already takes over the new one's values.
    """
    texts = rows.with_columns(
        pl.col(name).dt.strftime("%Y-%m-%d" if type_ == pl.Date else "%Y-%m-%d %H:%M:%S%.6f")
        for name, type_ in rows.schema.items()
        if type_.is_temporal()
    )
    taken = ""
    if newer:
        set_ = ", ".join(f"{name} = excluded.{name}" for name in newer)
        taken = f" on conflict ({', '.join(table.primary_key.columns.keys())}) do update set {set_}"
    elif ignore_taken:
        taken = " on conflict do nothing"
    if connection.dialect.name == "postgresql":
        kinds = [table.c[name].type.compile(connection.dialect) for name in texts.columns]
        given = _arrays(texts, kinds)
    else:
        given = _values(texts)
    for names, those, values in given:
        # Names of ours alone stand in the text; what was given is bound.
        text = f"insert into {table.name} ({', '.join(names)}) {those}{taken}"
        connection.exec_driver_sql(text, values)


# The columns a statement fills, whatever stands for their rows, and what is bound in that.
_Given = tuple[Sequence[str], str, tuple[object, ...]]


def _arrays(texts: pl.DataFrame, types: Sequence[str]) -> Iterator[_Given]:
    """For PostgreSQL: an array per column, for a message per row would be most of the time."""
    arrays = ", ".join(f"%s::{type_}[]" for type_ in types)
    # As objects rows are ten times as large as in columns: few at a time.
    for some in texts.iter_slices(max(_VALUES // texts.width, 1)):
        values = tuple(column.to_list() for column in some)
        yield texts.columns, f"select * from unnest({arrays})", values  # noqa: S608 - as in insert


def _values(texts: pl.DataFrame) -> Iterator[_Given]:
    """For SQLite: a list of rows. A column of one value is bound once for all of them."""
    is_one = texts.select(pl.all().eq_missing(pl.all().first()).all())
    once = [column.name for column in is_one if column.first()]
    each = [name for name in texts.columns if name not in once]
    row = ", ".join([*(f"?{n + 1}" for n in range(len(once))), *("?" for _ in each)])
    for some in texts.iter_slices(max(_VALUES // texts.width, 1)):
        values: list[object] = [None] * (some.height * len(each))
        for place, name in enumerate(each):
            values[place :: len(each)] = some[name].to_list()
        rows = ", ".join([f"({row})"] * some.height)
        yield [*once, *each], f"values {rows}", (*some.select(once).row(0), *values)


def insert_for(connection: sa.Connection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT of the connection's own dialect, which can say what to do on a conflict."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
