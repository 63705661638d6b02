"""JSON and NDJSON as text cells: nested objects as dotted headers, numbers exactly as written."""

import io
import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import polars as pl

from pipelines.sources.files import CAPS, Caps, Opened
from pipelines.sources.model import Read
from pipelines.sources.raw import ROW, RawTable, refuse_wild_cells, reject_rows
from pipelines.sources.refusals import FileRefused
from pipelines.sources.text import check_text

_BATCH_ROWS: Final = 50_000
_PLAIN_ELEMENTS: Final = 10
# A document is held in memory several times over; beyond this, one object per line it must be.
_DOCUMENT_CHARS: Final = 512 << 20


class _DoubledKey(ValueError):
    """One object says the same thing twice."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _DoubledKey
    return found


_DECODER: Final = json.JSONDecoder(
    parse_int=str, parse_float=str, parse_constant=str, object_pairs_hook=_object
)
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False)
_CELL: Final = frozenset[object]({str})


def parse_json(text: str) -> Any:
    """The value, numbers as the text they were written in, so that no digit is lost.

    Raises: ValueError when it is no JSON or an object says the same thing twice.
    """
    return _DECODER.decode(text)


def is_flat(record: dict[str, Any]) -> bool:
    """Whether every value is a cell already."""
    return _CELL.issuperset(map(type, record.values()))


def cells_frame(rows: Sequence[dict[str, str]], *, first: str) -> pl.DataFrame:
    """The rows as text columns, null where lacking; `first`, then headers as they come up."""
    shapes = dict.fromkeys(map(tuple, rows))
    headers = dict.fromkeys([first, *(name for shape in shapes for name in shape)])
    return pl.DataFrame(rows, schema=dict.fromkeys(headers, pl.String), orient="row")


def flatten(value: Any, prefix: str, out: dict[str, str]) -> None:
    """Fills `out`: dotted header → cell. An array is JSON text, its plain elements `x[0]` …."""
    if isinstance(value, dict):
        for key, inner in value.items():
            name = f"{prefix}.{key}" if prefix else key
            # Most cells are text or numbers, which are text already here.
            if type(inner) is str:
                out[name] = inner
            else:
                flatten(inner, name, out)
    elif isinstance(value, list):
        out[prefix] = _ENCODER.encode(value)
        for index, element in enumerate(value[:_PLAIN_ELEMENTS]):
            if not isinstance(element, dict | list):
                flatten(element, f"{prefix}[{index}]", out)
    elif isinstance(value, bool):
        out[prefix] = "true" if value else "false"
    elif value is not None:
        out[prefix] = str(value)


def read_documents(opened: Opened, read: Read, *, caps: Caps = CAPS) -> RawTable:
    """Rows of a JSON array or of one JSON object per line, whichever the file begins with.

    Raises: FileRefused.
    """
    # A whole JSON document is often one line.
    checked = check_text(opened, read.encoding, line=_DOCUMENT_CHARS)
    opened.stream.seek(0)
    codec = "utf-8-sig" if checked.encoding == "utf-8" else checked.encoding
    text = io.TextIOWrapper(opened.stream, encoding=codec, errors="strict")
    try:
        first = text.read(1024).lstrip()[:1]
        text.seek(0)
        whole = first == "[" or read.records is not None
        records = _array(opened, text, read) if whole else _objects(text)
        return _tabulate(opened, records, encoding=checked.encoding, caps=caps)
    finally:
        text.detach()


def _array(
    opened: Opened, text: io.TextIOWrapper, read: Read
) -> Iterator[tuple[int, dict[str, Any] | str]]:
    try:
        found = parse_json(text.read())
    except (ValueError, RecursionError) as error:
        raise FileRefused(
            opened.name, "it is not one whole JSON document", "It may be cut: transfer it again."
        ) from error
    for part in (read.records or "").split("."):
        if part:
            found = found.get(part) if isinstance(found, dict) else None
    if not isinstance(found, list):
        raise FileRefused(
            opened.name, "there is no JSON array", "Set `records` in the mapping's `read`."
        )
    for number, element in enumerate(found, start=1):
        yield number, element if isinstance(element, dict) else str(element)


def _objects(text: io.TextIOWrapper) -> Iterator[tuple[int, dict[str, Any] | str]]:
    for number, line in enumerate(text, start=1):
        if not line.strip():
            continue
        try:
            found = parse_json(line)
        except (ValueError, RecursionError):
            found = None
        yield number, found if isinstance(found, dict) else line.rstrip("\n")


def _tabulate(
    opened: Opened,
    records: Iterator[tuple[int, dict[str, Any] | str]],
    *,
    encoding: str,
    caps: Caps,
) -> RawTable:
    frames: list[pl.DataFrame] = []
    bad: list[tuple[int, str, str]] = []
    batch: list[dict[str, str]] = []
    headers: dict[str, None] = {ROW: None}
    total = 0
    for number, record in records:
        total += 1
        if isinstance(record, str):
            bad.append((number, "bad_json", record))
            continue
        row: dict[str, str] = record
        if not is_flat(record):
            row = {}
            flatten(record, "", row)
        row[ROW] = str(number)
        batch.append(row)
        if not row.keys() <= headers.keys():
            headers.update(dict.fromkeys(row))
        if len(headers) > caps.columns or total > caps.rows:
            raise _too_large(opened, caps)
        if len(batch) == _BATCH_ROWS:
            frames.append(cells_frame(batch, first=ROW))
            batch = []
    frames.append(cells_frame(batch, first=ROW))
    if len(bad) > max(1, total // 2):
        raise FileRefused(
            opened.name, f"{len(bad):,} of {total:,} rows are no JSON objects", "Check the format."
        )
    frame = pl.concat(frames, how="diagonal").with_columns(pl.col(ROW).cast(pl.Int64))
    refuse_wild_cells(opened.name, frame, cell=caps.cell)
    return RawTable(frame, reject_rows(bad), frozenset(), encoding)


def _too_large(opened: Opened, caps: Caps) -> FileRefused:
    return FileRefused(
        opened.name,
        f"over {caps.columns:,} different keys or {caps.rows:,} rows",
        "Split the file, or export fewer fields.",
    )
