"""What conditions are asked of: one published file's columns, its shop and its date."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from pipelines.conditions.columns import Column, column_of


class BasisMissing(RuntimeError):
    """The published file lacks what conditions are asked of, and what to do."""


@dataclass(frozen=True)
class Basis:
    """`columns`: name → column, in the table's order. `today`: the shop's date at the as-of.

    `segments`: keys of the segments the file holds; a saved one may not take such a name.
    """

    shop_id: str
    today: dt.date
    columns: Mapping[str, Column]
    segments: tuple[str, ...]


def basis_of(connection: duckdb.DuckDBPyConnection) -> Basis:
    """Everything conditions need of a published file, read once.

    Raises: BasisMissing for a file an older version has published.
    """
    cursor = connection.cursor()
    shop_id = _one(cursor, "select shop_id from catalogue_snapshot")
    today = _one(cursor, "select day_on from dim_days where is_today and shop_id = ?", shop_id)
    rows = cursor.execute(
        "select column_name, data_type, description, meta from catalogue_columns"
        " where model_name = 'dim_persons' order by column_position"
    ).fetchall()
    columns: dict[str, Column] = {}
    for name, data_type, description, meta in rows:
        said = json.loads(meta or "{}").get("condition")
        if isinstance(said, dict):
            column = column_of(name, data_type, said=said, description=description)
            columns |= {} if column is None else {column.name: column}
    if not columns or not isinstance(today, dt.date):
        raise BasisMissing("the published file names no column to ask about: run `okaeri run`")
    segments = cursor.execute(
        "select model_name from catalogue_models where starts_with(model_name, 'seg_')"
        " order by model_name"
    ).fetchall()
    cursor.close()
    keys = tuple(str(name).removeprefix("seg_") for (name,) in segments)
    return Basis(str(shop_id), today, columns, keys)


def _one(cursor: duckdb.DuckDBPyConnection, query: str, *values: object) -> object:
    try:
        row = cursor.execute(query, list(values)).fetchone()
    except duckdb.CatalogException as error:
        raise BasisMissing(f"the published file is of another version: {error}") from error
    return None if row is None else row[0]
