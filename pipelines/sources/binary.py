"""Excel and Parquet as text cells. Their parsers run in a child process that may die alone."""

from typing import Final

import polars as pl

from pipelines.sources.files import CAPS, Caps, Opened, check_workbook
from pipelines.sources.model import Read
from pipelines.sources.raw import ROW, RawTable, name_headers, refuse_wild_cells, reject_rows
from pipelines.sources.refusals import FileRefused
from pipelines.sources.sandbox import cells_from_child

_NO_REJECTS: Final = reject_rows([])


def read_excel(opened: Opened, read: Read, *, caps: Caps = CAPS) -> RawTable:
    """Rows of one sheet. Raises: FileRefused."""
    check_workbook(opened, caps=caps)
    found = cells_from_child(opened, "excel", argument=read.sheet or "", caps=caps)
    cells = found.with_row_index(ROW, offset=1).with_columns(pl.col(ROW).cast(pl.Int64))
    cells = cells.slice(read.skip_lines)
    if isinstance(read.header, list):
        names, doubled = name_headers(read.header)
    else:
        if cells.height == 0:
            raise FileRefused(opened.name, "the sheet is empty", "Check `sheet` in the mapping.")
        names, doubled = name_headers(cells.drop(ROW).row(0))
        cells = cells.slice(1)
    if len(names) != cells.width - 1:
        raise FileRefused(
            opened.name, f"the sheet has {cells.width - 1} columns", "Correct `header`."
        )
    cells.columns = [ROW, *names]
    filled = cells.filter(pl.any_horizontal(pl.exclude(ROW).is_not_null()))
    refuse_wild_cells(opened.name, filled, cell=caps.cell)
    return RawTable(filled, _NO_REJECTS, doubled, None)


def read_parquet(opened: Opened, read: Read, *, caps: Caps = CAPS) -> RawTable:
    """Rows of a Parquet file, nested fields as dotted headers. Raises: FileRefused."""
    del read
    text = cells_from_child(opened, "parquet", argument="", caps=caps)
    numbered = text.with_row_index(ROW, offset=1).with_columns(pl.col(ROW).cast(pl.Int64))
    refuse_wild_cells(opened.name, numbered, cell=caps.cell)
    return RawTable(numbered, _NO_REJECTS, frozenset(), None)
