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
    table = Table()
    for name in rows[0]:
        table.add_column(Text(name), overflow="fold")
    for row in rows:
        # Text: what stands in a cell is never read as markup.
        table.add_row(*(Text("" if value is None else str(value)) for value in row.values()))
    console.print(table)


def print_query(console: Console, shop: Shop, query: str, *, style: str) -> None:
    """A query over the published file as table, csv or json.

    Raises: QueryRefused when it fails, or reaches for anything but the published tables.
    """
    try:
        with publish.open_published(settings.home_of(shop.id)) as con:
            found = con.execute(query)
            names = [column[0] for column in found.description or []]
            rows = found.fetchall()
    except (duckdb.Error, publish.PublishError) as error:
        raise QueryRefused(str(error)) from error
    if style == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)
    elif style == "json":
        records = [dict(zip(names, row, strict=True)) for row in rows]
        sys.stdout.write(json.dumps(records, ensure_ascii=False, default=str) + "\n")
    else:
        print_rows(console, [dict(zip(names, row, strict=True)) for row in rows])
