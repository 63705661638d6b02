"""Parsers of binary formats behind a wall: a crafted file ends its own process, not the street.

Run as a module it is the child: bytes come in by stdin, text cells go out by stdout as Arrow.
"""

import io
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import fastexcel
import polars as pl
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from pipelines.sources.files import Caps, Opened
from pipelines.sources.refusals import FileRefused

_MEMORY_BYTES: Final = 16 << 30
_SECONDS: Final = 600
_UNREADABLE: Final = 3
_TOO_LARGE: Final = 4
_ROOT: Final = Path(__file__).parents[2]


def cells_from_child(opened: Opened, kind: str, *, argument: str, caps: Caps) -> pl.DataFrame:
    """All cells of the file as text. Units: at most _MEMORY_BYTES and _SECONDS for the child.

    Raises: FileRefused when the child cannot read it, or dies of it.
    """
    os.lseek(opened.stream.fileno(), 0, os.SEEK_SET)
    limits = [str(caps.rows), str(caps.columns)]
    command = [sys.executable, "-m", "pipelines.sources.sandbox", kind, argument, *limits]
    # Nothing of our environment: secrets are of no use to a parser.
    environment = {"PATH": os.defpath, "PYTHONPATH": str(_ROOT), "LANG": "C.UTF-8"}
    with tempfile.TemporaryFile() as answer:
        try:
            done = subprocess.run(  # noqa: S603 - our own module
                command,
                stdin=opened.stream,
                stdout=answer,
                stderr=subprocess.DEVNULL,
                env=environment,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise _unbearable(opened) from error
        if done.returncode == _UNREADABLE:
            raise FileRefused(
                opened.name,
                "the file is cut or damaged, or has no such sheet",
                "Transfer it again, and check `sheet` in the mapping.",
            )
        if done.returncode == _TOO_LARGE:
            raise FileRefused(opened.name, "it has too many rows or columns", "Split the file.")
        if done.returncode != 0:
            raise _unbearable(opened)
        answer.seek(0)
        return pl.read_ipc(answer)


def _unbearable(opened: Opened) -> FileRefused:
    return FileRefused(
        opened.name,
        "reading it takes more memory or time than any file may",
        "Save it as CSV, or split it.",
    )


def _excel_cells(content: bytes, sheet: str) -> pl.DataFrame:
    found = fastexcel.read_excel(content).load_sheet(sheet or 0, header_row=None, dtypes="string")
    return found.to_polars()


def _parquet_cells(content: bytes, *, rows: int, columns: int) -> pl.DataFrame:
    # Page checksums are optional in Parquet; where the writer made them, they are held to.
    table = pq.ParquetFile(io.BytesIO(content), page_checksum_verification=True)
    if table.metadata.num_rows > rows or table.metadata.num_columns > columns:
        sys.exit(_TOO_LARGE)
    found = pl.from_arrow(table.read())
    if not isinstance(found, pl.DataFrame):
        sys.exit(_UNREADABLE)
    frame = _unnested(found)
    return frame.select(_as_text(frame[name]) for name in frame.columns)


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
    return column.cast(pl.String, strict=not isinstance(kind, pl.Binary))


def _child(kind: str, argument: str, rows: int, columns: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    content = sys.stdin.buffer.read()
    try:
        if kind == "excel":
            cells = _excel_cells(content, argument)
        else:
            cells = _parquet_cells(content, rows=rows, columns=columns)
    except (fastexcel.FastExcelError, pl.exceptions.PolarsError, OSError, ValueError):
        sys.exit(_UNREADABLE)
    if cells.height > rows or cells.width > columns:
        sys.exit(_TOO_LARGE)
    cells.write_ipc(sys.stdout.buffer)


if __name__ == "__main__":
    _child(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
