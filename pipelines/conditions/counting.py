"""How many people meet conditions now, on the published file: no build, no ledger, no address."""

from typing import Final

import duckdb

from pipelines.conditions.basis import Basis
from pipelines.conditions.columns import Column
from pipelines.conditions.sql import Where, where_of
from pipelines.conditions.tree import Checked
from pipelines.conditions.tree import checked as checked_of

# Whom a saved segment chooses from: a browser nobody has named is nobody to write to.
_PEOPLE: Final = "from dim_persons where shop_id = ? and person_kind <> 'browser'"
_MAX_CHOICES: Final = 200
# Whom a count is of: conditions, or a published segment by its key (`winback`).
Asked = Checked | str


def people_of(checked: Checked, basis: Basis) -> Where:
    """The select of the persons' ids who meet the conditions, with its values."""
    where = where_of(checked, today=basis.today)
    return Where(f"select person_id {_PEOPLE} and {where.text}", (basis.shop_id, *where.values))


def members(
    connection: duckdb.DuckDBPyConnection, checked: Checked, basis: Basis
) -> frozenset[str]:
    """Ids of the persons who meet the conditions."""
    people = people_of(checked, basis)
    return frozenset(str(person) for (person,) in _all(connection, people.text, *people.values))


def count(
    connection: duckdb.DuckDBPyConnection,
    asked: Asked,
    basis: Basis,
    *,
    also: Asked | None = None,
) -> int:
    """How many persons are meant; with `also`, how many are meant by both: the overlap.

    Raises: KeyError for the key of a segment the file does not hold.
    """
    wheres = [_where(one, basis) for one in (asked, also) if one is not None]
    text = " and ".join(where.text for where in wheres)
    values = [value for where in wheres for value in where.values]
    ((found,),) = _all(connection, f"select count(*) {_PEOPLE} and {text}", basis.shop_id, *values)
    return int(str(found))


def _where(asked: Asked, basis: Basis) -> Where:
    """The condition on `dim_persons` by which somebody is meant."""
    if isinstance(asked, Checked):
        return where_of(asked, today=basis.today)
    if asked not in basis.segments:
        raise KeyError(asked)
    # One of the file's own segments, so its name is safe in a text.
    members = f'select person_id from "seg_{asked}" where shop_id = ?'  # noqa: S608 - own name
    return Where(f"person_id in ({members})", (basis.shop_id,))


def mailable(connection: duckdb.DuckDBPyConnection, asked: Asked, basis: Basis) -> int:
    """How many of those who are meant may be sent advertising by e-mail, as of the build.

    Asked again at every hand-off, where the ledger and the last minutes count too.
    """
    may = checked_of({"column": "is_mailable", "operator": "equals", "value": True}, basis.columns)
    return count(connection, asked, basis, also=may)


def choices(connection: duckdb.DuckDBPyConnection, column: Column, basis: Basis) -> tuple[str, ...]:
    """Values to choose from: the closed ones, else those the shop's people have, most first.

    Shape: at most 200. Values without numbers: how many people share one is not for everybody.
    """
    if column.values:
        return tuple(column.values)
    name = '"' + basis.columns[column.name].name.replace('"', '""') + '"'
    found = _all(
        connection,
        f"select {name} {_PEOPLE} and {name} is not null"
        f" group by {name} order by count(*) desc, {name} limit {_MAX_CHOICES}",
        basis.shop_id,
    )
    return tuple(str(value) for (value,) in found)


def _all(
    connection: duckdb.DuckDBPyConnection, statement: str, *values: object
) -> list[tuple[object, ...]]:
    cursor = connection.cursor()
    try:
        return cursor.execute(statement, list(values)).fetchall()
    finally:
        cursor.close()
