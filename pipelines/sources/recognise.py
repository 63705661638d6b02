"""Which mapping a file on the table might be meant for."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.sources.binary import read_excel, read_parquet
from pipelines.sources.documents import read_documents
from pipelines.sources.files import Opened, open_file
from pipelines.sources.headers import folded, needed_headers
from pipelines.sources.load import mappings
from pipelines.sources.model import Mapping, Read
from pipelines.sources.raw import name_headers
from pipelines.sources.refusals import FileRefused
from pipelines.sources.text import check_text

_TABLES: Final = {".xlsx": "excel", ".xls": "excel", ".xlsm": "excel", ".parquet": "parquet"}
_DOCUMENTS: Final = (".json", ".ndjson", ".jsonl")
_DELIMITERS: Final = (",", "\t", ";", "|")
_HEAD_CHARS: Final = 64 * 1024


@dataclass(frozen=True)
class Candidate:
    """A mapping that fits a file: what the file is, and how many of its headers are known.

    `delimiter` and `encoding` are None where the format has none; `rows` counts line ends of a
    text file, the header left out, and is None where only a full read would tell.
    """

    mapping: Mapping
    encoding: str | None
    delimiter: str | None
    headers_known: int
    headers_total: int
    rows: int | None


@dataclass(frozen=True)
class Seen:
    """What a look at a file shows without knowing what it is for."""

    headers: tuple[str, ...]
    encoding: str | None
    delimiter: str | None
    rows: int | None
    kind: str


def recognise(path: Path) -> list[Candidate]:
    """Mappings whose telling headers are all in the file, the most telling first.

    Raises: FileRefused when the file cannot be trusted at all.
    """
    seen = look_at(path)
    there = {folded(name) for name in seen.headers}
    found = [
        _candidate(mapping, seen, there)
        for mapping in mappings().values()
        if _fits(mapping, seen, there)
    ]
    return sorted(
        found,
        key=lambda c: (
            -len(c.mapping.recognise.all if c.mapping.recognise else ()),
            -c.headers_known,
            c.mapping.key,
        ),
    )


def look_at(path: Path) -> Seen:
    """Headers, encoding and delimiter of a file. Raises: FileRefused."""
    opened = open_file(path)
    try:
        suffix = Path(opened.content_name).suffix.lower()
        if suffix in _TABLES:
            reader = read_excel if suffix != ".parquet" else read_parquet
            raw = reader(opened, Read.model_validate({"format": _TABLES[suffix]}))
            return Seen(raw.headers, None, None, raw.rows, _TABLES[suffix])
        if suffix in _DOCUMENTS:
            raw = read_documents(opened, Read.model_validate({"format": "json"}))
            return Seen(raw.headers, raw.encoding, None, raw.rows, "json")
        return _look_at_text(opened)
    finally:
        opened.close()


def _look_at_text(opened: Opened) -> Seen:
    opened.stream.seek(0)
    is_wide = opened.stream.read(2) in (b"\xff\xfe", b"\xfe\xff")
    checked = check_text(opened, "utf-16" if is_wide else "auto")
    opened.stream.seek(0)
    codec = "utf-8-sig" if checked.encoding == "utf-8" else checked.encoding
    text = io.TextIOWrapper(opened.stream, encoding=codec, newline="")
    try:
        head = text.read(_HEAD_CHARS)
        rows = head.count("\n") + sum(chunk.count("\n") for chunk in _rest(text))
    finally:
        text.detach()
    best = max(_DELIMITERS, key=lambda d: len(_first_record(opened, head, d)))
    names, _ = name_headers(_first_record(opened, head, best))
    missing_end = 0 if checked.has_final_newline else 1
    return Seen(tuple(names), checked.encoding, best, rows - 1 + missing_end, "csv")


def _rest(text: io.TextIOWrapper) -> Iterator[str]:
    while chunk := text.read(1 << 20):
        yield chunk


def _first_record(opened: Opened, head: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(head), delimiter=delimiter), [])
    except csv.Error as error:
        raise FileRefused(opened.name, "its first line is no header", "Export it again.") from error


def _fits(mapping: Mapping, seen: Seen, there: set[str]) -> bool:
    if mapping.recognise is None:
        return False
    is_document = mapping.read.format in ("json", "ndjson")
    if is_document != (seen.kind == "json"):
        return False
    return all(_known(mapping, name, there) for name in mapping.recognise.all)


def _known(mapping: Mapping, name: str, there: set[str]) -> bool:
    return any(folded(n) in there for n in (name, *mapping.aliases.get(name, [])))


def _candidate(mapping: Mapping, seen: Seen, there: set[str]) -> Candidate:
    names = {name for entry in mapping.tables for name in needed_headers(entry)}
    known = sum(_known(mapping, name, there) for name in names)
    return Candidate(mapping, seen.encoding, seen.delimiter, known, len(seen.headers), seen.rows)
