"""A query over the published file, printed as table, CSV or JSON."""

import csv
import json
import sys
from collections.abc import Sequence
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines import publish, settings
from pipelines.shop import Shop


class QueryRefused(Exception):
    """The query failed or asked for something outside the published file."""


def print_rows(console: Console, rows: Sequence[dict[str, Any]]) -> None:
    """Rows as a table, columns as they come."""
    if not rows:
        console.print("—")
        return
    _print_table(console, list(rows[0]), [tuple(row.values()) for row in rows])


def _print_table(console: Console, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    table = Table()
    for name in names:
        table.add_column(Text(name), overflow="fold")
    for row in rows:
        # Text: what stands in a cell is never read as markup.
        table.add_row(*(Text("" if value is None else str(value)) for value in row))
    console.print(table)


def _what_to_do(error: duckdb.Error, tables: Sequence[str]) -> str:
    """One or two lines: what is wrong, and for an unknown table which ones there are."""
    said = str(error).split("\nDid you mean", maxsplit=1)[0].split("\n\nLINE", maxsplit=1)[0]
    if isinstance(error, duckdb.CatalogException):
        return f"{said}\nThe published tables: {', '.join(tables)}"
    return said


def print_query(
    console: Console, shop: Shop, query: str, *, style: str, is_replay: bool = False
) -> None:
    """A query over the published file, live or of the last replay, as table, csv or json.

    Raises: QueryRefused when it fails, or reaches for anything but the published tables.
    """
    home = settings.home_of(shop.id)
    try:
        with publish.open_published(home.replay if is_replay else home) as con:
            tables = [row[0] for row in con.execute("show tables").fetchall()]
            try:
                found = con.execute(query)
                # DuckDB gives nothing back for a text without a statement.
                names = [column[0] for column in found.description or []] if found else []
                rows = found.fetchall() if found else []
            except duckdb.Error as error:
                raise QueryRefused(_what_to_do(error, tables)) from error
    except publish.PublishError as error:
        raise QueryRefused(str(error)) from error
    if not names:
        raise QueryRefused("Nothing to show: write one select, for example `select 1`.")
    if style == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)
    elif style == "json":
        records = [dict(zip(names, row, strict=True)) for row in rows]
        sys.stdout.write(json.dumps(records, ensure_ascii=False, default=str) + "\n")
    else:
        _print_table(console, names, rows)
