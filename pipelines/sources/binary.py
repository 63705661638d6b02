"""Excel and Parquet as text cells."""

import json
from typing import Final

import fastexcel
import polars as pl
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from pipelines.sources.files import CAPS, Caps, Opened, check_workbook
from pipelines.sources.model import Read
from pipelines.sources.raw import ROW, RawTable, name_headers, reject_rows
from pipelines.sources.refusals import FileRefused

_NO_REJECTS: Final = reject_rows([])


def read_excel(opened: Opened, read: Read, *, caps: Caps = CAPS) -> RawTable:
    """Rows of one sheet. Raises: FileRefused."""
    check_workbook(opened, caps=caps)
    try:
        workbook = fastexcel.read_excel(opened.stream.read())
        sheet = workbook.load_sheet(
            read.sheet if read.sheet is not None else 0, header_row=None, dtypes="string"
        )
        cells = sheet.to_polars()
    except (fastexcel.FastExcelError, pl.exceptions.PolarsError) as error:
        raise FileRefused(
            opened.name, "the workbook or its sheet cannot be read", "Check `sheet`, save it again."
        ) from error
    cells = cells.with_row_index(ROW, offset=1).with_columns(pl.col(ROW).cast(pl.Int64))
    cells = cells.slice(read.skip_lines)
    if isinstance(read.header, list):
        names, doubled = name_headers(read.header)
    else:
        if cells.height == 0:
            raise FileRefused(opened.name, "the sheet is empty", "Check `sheet` in the mapping.")
        names, doubled = name_headers(cells.drop(ROW).row(0))
        cells = cells.slice(1)
    _check_size(opened, rows=cells.height, columns=len(names), caps=caps)
    if len(names) != cells.width - 1:
        raise FileRefused(
            opened.name, f"the sheet has {cells.width - 1} columns", "Correct `header`."
        )
    cells.columns = [ROW, *names]
    filled = cells.filter(pl.any_horizontal(pl.exclude(ROW).is_not_null()))
    return RawTable(filled, _NO_REJECTS, doubled, None)


def read_parquet(opened: Opened, read: Read, *, caps: Caps = CAPS) -> RawTable:
    """Rows of a Parquet file, nested fields as dotted headers. Raises: FileRefused."""
    del read
    try:
        opened.stream.seek(0)
        # Page checksums are optional in Parquet; where the writer made them, they are held to.
        table = pq.ParquetFile(opened.stream, page_checksum_verification=True)
        _check_size(
            opened, rows=table.metadata.num_rows, columns=table.metadata.num_columns, caps=caps
        )
        found = pl.from_arrow(table.read())
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        raise FileRefused(
            opened.name, "the Parquet file is cut or damaged", "Transfer it again."
        ) from error
    if not isinstance(found, pl.DataFrame):
        raise FileRefused(opened.name, "the Parquet file has no columns", "Export it again.")
    frame = _unnested(found)
    text = frame.select(_as_text(frame[name]) for name in frame.columns)
    numbered = text.with_row_index(ROW, offset=1).with_columns(pl.col(ROW).cast(pl.Int64))
    return RawTable(numbered, _NO_REJECTS, frozenset(), None)


def _check_size(opened: Opened, *, rows: int, columns: int, caps: Caps) -> None:
    if rows > caps.rows or columns > caps.columns:
        raise FileRefused(
            opened.name, f"it has {rows:,} rows and {columns:,} columns", "Split the file."
        )


def _unnested(frame: pl.DataFrame) -> pl.DataFrame:
    while nested := [name for name, kind in frame.schema.items() if isinstance(kind, pl.Struct)]:
        for name in nested:
            fields = frame[name].struct.fields
            inner = frame[name].struct.unnest().rename({f: f"{name}.{f}" for f in fields})
            frame = frame.drop(name).hstack(inner.get_columns())
    return frame


def _as_text(column: pl.Series) -> pl.Series:
    kind = column.dtype
    if isinstance(kind, pl.Datetime):
        if kind.time_zone is not None:
            utc = column.dt.convert_time_zone("UTC")
            return utc.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00")
        return column.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f")
    if isinstance(kind, pl.List | pl.Array):
        texts = [
            None if cell is None else json.dumps(cell, ensure_ascii=False, default=str)
            for cell in column.to_list()
        ]
        return pl.Series(column.name, texts, dtype=pl.String)
    if isinstance(kind, pl.Binary):
        return column.cast(pl.String, strict=False)
    return column.cast(pl.String)
