"""How many people meet conditions now, on the published file: no build, no ledger, no address."""

from typing import Final

import duckdb

from pipelines.conditions.basis import Basis
from pipelines.conditions.columns import Column
from pipelines.conditions.sql import where_of
from pipelines.conditions.tree import Checked

# Whom a saved segment chooses from: a browser nobody has named is nobody to write to.
_PEOPLE: Final = "from dim_persons where shop_id = ? and person_kind <> 'browser'"
_MAX_CHOICES: Final = 200


def members(
    connection: duckdb.DuckDBPyConnection, checked: Checked, basis: Basis
) -> frozenset[str]:
    """Ids of the persons who meet the conditions."""
    where = where_of(checked, today=basis.today)
    found = _all(
        connection, f"select person_id {_PEOPLE} and {where.text}", basis.shop_id, *where.values
    )
    return frozenset(str(person) for (person,) in found)


def count(
    connection: duckdb.DuckDBPyConnection,
    checked: Checked,
    basis: Basis,
    *,
    also: Checked | None = None,
) -> int:
    """How many persons meet the conditions; with `also`, how many meet both: the overlap."""
    wheres = [where_of(one, today=basis.today) for one in (checked, also) if one is not None]
    text = " and ".join(where.text for where in wheres)
    values = [value for where in wheres for value in where.values]
    ((found,),) = _all(connection, f"select count(*) {_PEOPLE} and {text}", basis.shop_id, *values)
    return int(str(found))


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
