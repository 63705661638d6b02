"""The only database access of the dashboards: the newest whole published file, read-only, locked.

Long, so that every statement of the dashboards stands in one file.

`read` gives stored rows, `total` rows counted again under a filter, `ratio` a rate with its
interval from the SQL macros stored in the file: one formula, the models' own. Table and column
names are checked against the file's own catalogue before they reach a statement, because names
cannot be bound; values always are.
"""

import datetime as dt
import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final

import duckdb
import polars as pl

from pipelines import conditions
from pipelines.settings import Home

Scalar = str | int | float | bool | Decimal | dt.date | dt.datetime
Filters = Mapping[str, Scalar | Sequence[Scalar] | None]

POINTER_NAME: Final = "CURRENT.json"
# A page reads rows it shows; anything slower is a mistake and is stopped.
QUERY_SECONDS: Final = 10.0
LOCK: Final = """
set autoinstall_known_extensions = false;
set autoload_known_extensions = false;
set enable_external_access = false;
set lock_configuration = true;
"""


class NoSnapshot(Exception):
    """Nothing is published yet, or no published file is whole. `is_damaged` tells which."""

    def __init__(self, *, is_damaged: bool) -> None:
        self.is_damaged = is_damaged
        super().__init__("no whole published file" if is_damaged else "nothing published yet")


@dataclass(frozen=True)
class Rate:
    """One rate with its 95 % interval. Units: 0..1; None where the denominator is 0 or unknown."""

    numerator: int | None
    denominator: int | None
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Difference:
    """One rate less another with its 95 % interval. Units: -1..1; None where one is unknown."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Facts:
    """What the file says of itself. Units: `as_of_at` aware UTC."""

    snapshot_id: str
    shop_id: str
    shop_name: str
    timezone: str
    currency: str
    is_demo: bool
    as_of_at: dt.datetime
    settings_version: str
    code_version: str


@dataclass(frozen=True)
class Snapshot:
    """One published file held open. `is_fallback`: a newer one is damaged and this one serves."""

    path: Path
    is_fallback: bool
    connection: duckdb.DuckDBPyConnection = field(repr=False, compare=False)
    # People of what was asked: the file never changes, and a question is asked at every click.
    counted: dict[tuple[object, ...], int] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def facts(self) -> Facts:
        """The file's own row about itself."""
        row = self._rows("select * from catalogue_snapshot", []).row(0, named=True)
        as_of_at = dt.datetime.fromisoformat(row.pop("as_of_at"))
        return Facts(
            as_of_at=as_of_at, **{name: row[name] for name in Facts.__annotations__ if name in row}
        )

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """Settings in force at the build, one key per column of the shop's row."""
        return self._rows("select * from catalogue_settings", []).row(0, named=True)

    @cached_property
    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """Column names of every table in the file, in order."""
        rows = self._rows(
            "select table_name, column_name from information_schema.columns"
            " where table_schema = 'main' order by table_name, ordinal_position",
            [],
        )
        found: dict[str, list[str]] = {}
        for table, column in rows.iter_rows():
            found.setdefault(table, []).append(column)
        return {table: tuple(names) for table, names in found.items()}

    def has(self, table: str) -> bool:
        """Whether the table is published and holds a row of this shop."""
        return table in self.columns and bool(self.total(table, {}))

    @lru_cache(maxsize=256)  # noqa: B019 - a snapshot is replaced, and its cache with it
    def metric(self, table: str, column: str) -> Mapping[str, Any]:
        """`config.meta.metric` and the description of a column; empty where there is none."""
        rows = self._rows(
            "select description, meta from catalogue_columns"
            " where model_name = ? and column_name = ?",
            [table, column],
        )
        if rows.is_empty():
            return {}
        description, meta = rows.row(0)
        return {"description": description, **json.loads(meta).get("metric", {})}

    def fraction(self, table: str, column: str) -> tuple[str, str]:
        """Numerator and denominator columns of a rate, as its model declares them.

        Raises: KeyError where the model declares none: a rate without its parts is not shown.
        """
        metric = self.metric(table, column)
        return str(metric["numerator"]), str(metric["denominator"])

    def rate(self, table: str, column: str, row: Mapping[str, Any]) -> Rate:
        """A rate of one row that was read, made of its own counts, with the stored interval."""
        numerator, denominator = self.fraction(table, column)
        return self.ratio(row[numerator], row[denominator])

    def segments(self) -> list[Mapping[str, Any]]:
        """`config.meta.segment` of every published segment, with its `model_name`."""
        rows = self._rows(
            "select model_name, meta from catalogue_models where schema_name = 'segments'"
            " order by model_name",
            [],
        )
        return [
            {"model_name": name, **json.loads(meta).get("segment", {})}
            for name, meta in rows.iter_rows()
        ]

    def read(
        self,
        table: str,
        filters: Filters,
        *,
        order_by: Sequence[str] = (),
        rates: Sequence[str] = (),
        running: str | None = None,
        ranks: Mapping[str, Sequence[str]] | None = None,
        most: int | None = None,
    ) -> pl.DataFrame:
        """Stored rows of this shop. A name in `order_by` that begins with `-` sorts descending.

        `most`: so many rows at most, the first in that order.

        `ranks` adds `<column>_rank`, the place of each value in a list (0 where it is not in it),
        which `order_by` may name.

        Of a table whose model hides cells of few, `is_hidden` says which, of the whole table.

        `rates` adds `<column>_low` and `<column>_high` to each of these rate columns. `running`
        adds `running_from` and `running_to`, where each row's share of that column lies when the
        rows are put end to end in their order. Long: one statement, put together in one place.
        """
        names = set(self.columns[table])
        where, values = self._where(table, filters)
        ranked = ["*"]
        places: list[Sequence[str]] = []
        for column, order_of in (ranks or {}).items():
            ranked.append(
                f"coalesce(list_position(?, {_checked(column, names)}), 0) as"
                f" {_quoted(column + '_rank')}"
            )
            places.append(list(order_of))
        source = f"(select {', '.join(ranked)} from {self._source(table)} where {where})"  # noqa: S608 - checked
        names |= {f"{column}_rank" for column in ranks or {}}
        order = ", ".join(
            f"{_checked(n.removeprefix('-'), names)}{' desc' if n.startswith('-') else ''}"
            for n in order_by
        )
        chosen = ["*"]
        for name in rates:
            k, n = (_checked(part, names) for part in self.fraction(table, name))
            chosen.append(f"wilson_low({k}, {n}) as {_quoted(name + '_low')}")
            chosen.append(f"wilson_high({k}, {n}) as {_quoted(name + '_high')}")
        if running is not None:
            share = _checked(running, names)
            window = f"over (order by {order} rows unbounded preceding)"
            chosen.append(f"cast(sum({share}) {window} as double) as running_to")
            chosen.append(f"cast(sum({share}) {window} - {share} as double) as running_from")
        tail = f" order by {order}" if order else ""
        tail += "" if most is None else f" limit {int(most)}"
        statement = f"select {', '.join(chosen)} from {source}{tail}"  # noqa: S608 - checked
        return self._rows(statement, [*places, *values])

    def total(
        self, table: str, filters: Filters, *, column: str | None = None, distinct: bool = False
    ) -> int | Decimal | None:
        """Rows under a filter; with `column` their sum, with `distinct` its distinct values.

        None where the column is empty in every row: unknown, not zero.
        """
        names = set(self.columns[table])
        where, values = self._where(table, filters)
        what = "count(*)"
        if column is not None:
            name = _checked(column, names)
            what = f"count(distinct {name})" if distinct else f"sum({name})"
        rows = self._rows(f"select {what} from {_quoted(table)} where {where}", values)  # noqa: S608 - checked
        found = rows.item()
        return int(found) if isinstance(found, int) else found

    @lru_cache(maxsize=4096)  # noqa: B019 - a snapshot is replaced, and its cache with it
    def ratio(self, numerator: int | None, denominator: int | None) -> Rate:
        """Rate of two counts with the stored Wilson interval."""
        if numerator is None or not denominator:
            return Rate(numerator, denominator, None, None, None)
        value, low, high = self._rows(
            "select $1 / $2, wilson_low($1, $2), wilson_high($1, $2)", [numerator, denominator]
        ).row(0)
        return Rate(numerator, denominator, value, low, high)

    def difference(self, first: Rate, second: Rate) -> Difference:
        """First rate less second, with the stored Newcombe interval."""
        counts = [first.numerator, first.denominator, second.numerator, second.denominator]
        if first.value is None or second.value is None or None in counts:
            return Difference(None, None, None)
        value, low, high = self._rows(
            "select $1 / $2 - $3 / $4, newcombe_low($1, $2, $3, $4), newcombe_high($1, $2, $3, $4)",
            [count for count in counts if count is not None],
        ).row(0)
        return Difference(value, low, high)

    @cached_property
    def basis(self) -> conditions.Basis | None:
        """What may be asked of people; None for a file that publishes no such column."""
        try:
            return conditions.basis_of(self.connection)
        except conditions.BasisMissing:
            return None

    def people(
        self,
        asked: conditions.Asked,
        *,
        also: conditions.Asked | None = None,
        is_mailable: bool = False,
    ) -> int:
        """Persons meant by conditions or a segment's key, and by `also`, or who may be mailed."""
        basis = self.basis
        if basis is None:
            raise conditions.BasisMissing("the published file names no column to ask about")
        question = (
            *(one if isinstance(one, str) else one and one.digest for one in (asked, also)),
            is_mailable,
        )
        if question not in self.counted:
            self.counted[question] = (
                conditions.mailable(self.connection, asked, basis)
                if is_mailable
                else conditions.count(self.connection, asked, basis, also=also)
            )
        return self.counted[question]

    @lru_cache(maxsize=256)  # noqa: B019 - a snapshot is replaced, and its cache with it
    def choices(self, column: str) -> tuple[str, ...]:
        """Values of a column to choose from, none where it takes no text."""
        basis = self.basis
        known = None if basis is None else basis.columns.get(column)
        if basis is None or known is None or known.kind not in _CHOSEN:
            return ()
        return conditions.choices(self.connection, known, basis)

    @lru_cache(maxsize=256)  # noqa: B019 - a snapshot is replaced, and its cache with it
    def _source(self, table: str) -> str:
        """The table to read from; with the stored macro over it where its model says so."""
        rows = self._rows("select meta from catalogue_models where model_name = ?", [table])
        about = {} if rows.is_empty() else json.loads(rows.item() or "{}").get("hide_small", {})
        if not about:
            return _quoted(table)
        names = set(self.columns[table])
        split = ", ".join(_checked(n, names) for n in dict.fromkeys(("shop_id", *about["split"])))
        persons, below = _checked(about["persons"], names), int(self.settings["hide_below"])
        hidden = f"is_hidden({persons}, {below}, ({split}))"
        return f"(select *, {hidden} as is_hidden from {_quoted(table)})"  # noqa: S608 - checked

    def _where(self, table: str, filters: Filters) -> tuple[str, list[Scalar]]:
        """Condition text and its bound values; this shop's rows only."""
        names = set(self.columns[table])
        parts: list[str] = []
        values: list[Scalar] = []
        everything: dict[str, Scalar | Sequence[Scalar] | None] = dict(filters)
        if "shop_id" in names:
            everything["shop_id"] = self.facts.shop_id
        for key, value in everything.items():
            column, _, comparison = key.partition(" ")
            name = _checked(column, names)
            if value is None:
                parts.append(f"{name} is null")
            elif isinstance(value, Sequence) and not isinstance(value, str):
                parts.append(f"{name} in ({', '.join('?' for _ in value)})" if value else "false")
                values += value
            else:
                parts.append(f"{name} {_COMPARISONS[comparison]} ?")
                values.append(value)
        return " and ".join(parts) or "true", values

    def _rows(self, statement: str, values: Sequence[Scalar | Sequence[str]]) -> pl.DataFrame:
        """Rows of one statement, asked once: the file never changes, and no role narrows them."""
        bound = (tuple(v) if isinstance(v, list | tuple) else v for v in values)
        return self._answer(statement, tuple(bound))

    @lru_cache(maxsize=2048)  # noqa: B019 - a snapshot is replaced, and its cache with it
    def _answer(self, statement: str, values: tuple[Scalar | tuple[str, ...], ...]) -> pl.DataFrame:
        """Rows of one statement from the file, stopped when it runs away."""
        cursor = self.connection.cursor()
        timer = threading.Timer(QUERY_SECONDS, cursor.interrupt)
        timer.start()
        try:
            listed = [list(v) if isinstance(v, tuple) else v for v in values]
            return cursor.execute(statement, listed).pl()
        finally:
            timer.cancel()
            cursor.close()


_CHOSEN: Final = (conditions.Kind.CHOICE, conditions.Kind.TEXT)
_COMPARISONS: Final = {"": "=", ">=": ">=", "<": "<", "<=": "<=", ">": ">", "!=": "<>"}


def _checked(column: str, names: set[str]) -> str:
    """Quoted column name.

    Raises: KeyError for a column the table does not have, whatever a filter was called.
    """
    if column not in names:
        raise KeyError(column)
    return _quoted(column)


def _quoted(identifier: str) -> str:
    """Identifier quoted for SQL."""
    return '"' + identifier.replace('"', '""') + '"'


_open: dict[Path, Snapshot] = {}
_opening = threading.Lock()


def current(home: Home) -> Snapshot:
    """The snapshot in force, re-opened when the pointer moved. Shared by all sessions.

    Raises: NoSnapshot when nothing whole is published.
    """
    try:
        pointer = json.loads((home.published / POINTER_NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NoSnapshot(is_damaged=False) from None
    except ValueError:
        raise NoSnapshot(is_damaged=True) from None
    chain = [pointer, *pointer["previous"]]
    for position, entry in enumerate(chain):
        path = home.published / entry["file"]
        if not _is_whole(path, entry["sha256"]):
            continue
        with _opening:
            held = _open.get(home.published)
            if held is None or held.path != path or held.is_fallback != (position > 0):
                connection = duckdb.connect(str(path), read_only=True)
                connection.execute(LOCK)
                held = Snapshot(path, is_fallback=position > 0, connection=connection)
                _open[home.published] = held
            return held
    raise NoSnapshot(is_damaged=True)


def _is_whole(path: Path, sha256: str) -> bool:
    """Whether the file is there with the bytes that were published; read once per process."""
    if not path.is_file():
        return False
    state = path.stat()
    return _digest(path, state.st_size, state.st_mtime_ns) == sha256


@lru_cache(maxsize=64)
def _digest(path: Path, _size: int, _modified_ns: int) -> str:
    """SHA-256 of the file, for one state of it."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
