"""What a published build says that no publication said before it, as rows of two landed tables."""

from collections.abc import Mapping
from contextlib import closing
from typing import Final

import polars as pl

from pipelines.canonical import TABLES
from pipelines.publish.content import build_connection, quoted
from pipelines.settings import Home

# Landed table → the model that decides its rows, and which of them are this build's.
SAID: Final = {
    "publications": ("intermediate.int_publications__numbered", "is_running_build"),
    "published_cells": (
        "marts.fct_published_cells",
        "(shop_id, publication_no) in (select (shop_id, publication_no)"
        " from build.intermediate.int_publications__numbered where is_running_build)",
    ),
}


def said(home: Home) -> Mapping[str, pl.DataFrame]:
    """Rows to land once the closed build is published, by table: the publication, then its figures.

    Both are empty for a build that looks back into the past.
    Raises: BuildNotClosed.
    """
    with closing(build_connection(home.warehouse)) as build:
        return {
            table: build.execute(
                f"select {', '.join(map(quoted, TABLES[table].names))}"  # noqa: S608 - own names
                f" from build.{model} where {is_own}"
            ).pl()
            for table, (model, is_own) in SAID.items()
        }
