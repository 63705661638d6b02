"""Text files checked as bytes, then split into rows by the standard library's strict reader.

The fast readers of the data libraries take truncated, ragged, doubly-headed and wrongly encoded
files without a word; this one refuses them, or gives the row back with its number.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from pipelines.sources.files import CAPS, Caps, Opened
from pipelines.sources.model import Read
from pipelines.sources.raw import ROW, RawTable, name_headers, reject_rows
from pipelines.sources.refusals import FileRefused

_CHUNK: Final = 1 << 20
_BATCH_ROWS: Final = 50_000
_LINE_CHARS: Final = 16 << 20
_UTF16_BOMS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_RESAVE: Final = "Open it in the program it came from and export it again."


@dataclass(frozen=True)
class Checked:
    """A text file whose every byte decodes: its encoding and whether its last line ends."""

    encoding: str
    has_final_newline: bool


def check_text(opened: Opened, encoding: str, *, line: int = _LINE_CHARS) -> Checked:
    """What the bytes are, after a strict pass over all of them. `line` is the longest one allowed.

    Raises: FileRefused for a wrong encoding, NUL, `sep=`, Macintosh line ends, endless lines.
    """
    opened.stream.seek(0)
    head = opened.stream.read(8)
    if head.startswith(_UTF16_BOMS) and encoding != "utf-16":
        raise FileRefused(
            opened.name, "it is UTF-16", "Write `encoding: utf-16` beside its source in shop.yml."
        )
    if encoding == "utf-16" and not head.startswith(_UTF16_BOMS):
        raise FileRefused(
            opened.name, "UTF-16 is declared but the byte order mark is missing", _RESAVE
        )
    if encoding != "auto":
        return _scan(opened, "utf-8-sig" if encoding == "utf-8" else encoding, longest=line)
    try:
        return _scan(opened, "utf-8-sig", longest=line)
    except UnicodeRefused as error:
        if head.startswith(codecs.BOM_UTF8) or _is_mixed(opened):
            raise FileRefused(
                opened.name, "it mixes UTF-8 with another encoding", _RESAVE, error.row
            ) from error
    return _scan(opened, "cp932", longest=line)


class UnicodeRefused(FileRefused):
    """Bytes that the encoding does not know."""


def _scan(opened: Opened, encoding: str, *, longest: int) -> Checked:
    """One strict pass. Memory: one chunk."""
    opened.stream.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    line, open_line, last, has_feed, first = 1, 0, "", False, True
    while True:
        chunk = opened.stream.read(_CHUNK)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            bad_row = line + error.object[: error.start].count(b"\n")
            raise UnicodeRefused(
                opened.name,
                f"it is not {encoding.removesuffix('-sig')}",
                "Declare its real encoding beside the source in shop.yml, or export it again.",
                bad_row,
            ) from error
        if first and text[:4].lower() == "sep=":
            raise FileRefused(opened.name, "its first line is `sep=`", "Delete that line.", 1)
        if "\x00" in text:
            bad_row = line + text[: text.index("\x00")].count("\n")
            raise FileRefused(opened.name, "it holds NUL bytes", _RESAVE, bad_row)
        line += text.count("\n")
        has_feed = has_feed or "\n" in text
        feed = text.rfind("\n")
        open_line = len(text) - feed - 1 if feed >= 0 else open_line + len(text)
        if open_line > longest:
            _refuse_line_ends(opened, has_return="\r" in text, row=line)
        last, first = text[-1:] or last, first and not text
        if not chunk:
            break
    if not has_feed and _has_return(opened, encoding):
        _refuse_line_ends(opened, has_return=True, row=1)
    return Checked(encoding.removesuffix("-sig"), last == "\n")


def _refuse_line_ends(opened: Opened, *, has_return: bool, row: int) -> None:
    if has_return:
        raise FileRefused(
            opened.name,
            "its lines end with CR only (old Macintosh)",
            "Save it with Windows or Unix line ends.",
        )
    raise FileRefused(opened.name, "a line has no end", _RESAVE, row)


def _has_return(opened: Opened, encoding: str) -> bool:
    opened.stream.seek(0)
    return "\r" in opened.stream.read(_CHUNK).decode(encoding, errors="replace")


def _is_mixed(opened: Opened) -> bool:
    """Whether most non-ASCII characters do decode as UTF-8, so that cp932 would give garbage."""
    opened.stream.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    good = bad = 0
    while chunk := opened.stream.read(_CHUNK):
        # Two bytes of cp932 now and then look like UTF-8; three in a row hardly ever do.
        text = decoder.decode(chunk)
        good += len(re.findall(r"[\u0800-\ufffc]", text))
        bad += text.count("\ufffd")
    return good > bad


def read_delimited(opened: Opened, read: Read, *, caps: Caps = CAPS) -> RawTable:
    """Rows of a CSV or TSV file. Raises: FileRefused."""
    checked = check_text(opened, read.encoding)
    opened.stream.seek(0)
    codec = "utf-8-sig" if checked.encoding == "utf-8" else checked.encoding
    text = io.TextIOWrapper(opened.stream, encoding=codec, errors="strict", newline="")
    # The limit is the process's own; every reader of ours sets the same.
    csv.field_size_limit(caps.cell)
    reader = csv.reader(text, delimiter=read.separator, strict=True)
    try:
        return _tabulate(opened, _records(reader), read=read, checked=checked, caps=caps)
    except csv.Error as error:
        raise _csv_refusal(opened, error, row=reader.line_num) from error
    finally:
        text.detach()


def _csv_refusal(opened: Opened, error: csv.Error, *, row: int) -> FileRefused:
    if "field larger" in str(error):
        return FileRefused(opened.name, "a cell is longer than any cell may be", _RESAVE, row)
    return FileRefused(
        opened.name,
        "a quotation mark is never closed, or text follows a closed one",
        f"Look at the quotes near this row. {_RESAVE}",
        row,
    )


def _records(reader: "Iterator[list[str]]") -> Iterator[tuple[int, list[str]]]:
    """Cells of each record with the number of its first line; empty lines are no records."""
    line = 1
    for cells in reader:
        if cells:
            yield line, cells
        line = reader.line_num + 1  # type: ignore[attr-defined] # csv.reader has it


def read_fixed(opened: Opened, read: Read, *, caps: Caps = CAPS) -> RawTable:
    """Rows of a fixed-width, blank-separated or patterned text file. Raises: FileRefused."""
    checked = check_text(opened, read.encoding)
    opened.stream.seek(0)
    codec = "utf-8-sig" if checked.encoding == "utf-8" else checked.encoding
    text = io.TextIOWrapper(opened.stream, encoding=codec, errors="strict")
    try:
        records = _lines(text, read)
        return _tabulate(opened, records, read=read, checked=checked, caps=caps)
    finally:
        text.detach()


def _lines(text: Iterable[str], read: Read) -> Iterator[tuple[int, list[str]]]:
    pattern = re.compile(read.pattern) if read.pattern else None
    for number, whole in enumerate(text, start=1):
        # Control-Z ends the text files of an older world.
        line = whole.rstrip("\r\n\x1a")
        if not line.strip():
            continue
        if pattern is not None:
            match = pattern.search(line)
            yield number, [m or "" for m in match.groups()] if match else [line]
        elif read.fields:
            yield number, _cut(line, read)
        else:
            yield number, line.split()


def _cut(line: str, read: Read) -> list[str]:
    if len(line) < read.fields[-1].start:
        return [line]
    return [line[f.start - 1 : f.start - 1 + f.width] for f in read.fields]


def _tabulate(
    opened: Opened,
    records: Iterator[tuple[int, list[str]]],
    *,
    read: Read,
    checked: Checked,
    caps: Caps,
) -> RawTable:
    for _ in range(read.skip_lines):
        next(records, None)
    names, doubled = name_headers(_header_cells(opened, records, read))
    if len(names) > caps.columns:
        raise FileRefused(opened.name, f"it has {len(names):,} columns", "Check the delimiter.")
    frame, ragged, last = _collect(opened, records, names, read=read, caps=caps)
    total = frame.height + len(ragged)
    # A cut file has one short row at its end; that alone says nothing about the delimiter.
    if len(ragged) > max(1, total // 2):
        raise FileRefused(
            opened.name,
            f"{len(ragged):,} of {total:,} rows have another number of cells than the header",
            "Check delimiter and header in the mapping.",
            ragged[0][0],
        )
    if not checked.has_final_newline and read.final_newline == "required":
        if total == 0:
            raise FileRefused(opened.name, "it ends within its header", "Transfer it again.", 1)
        frame, ragged = _quarantine_last(frame, ragged, last=last)
    return RawTable(frame, reject_rows(ragged), doubled, checked.encoding)


def _collect(
    opened: Opened,
    records: Iterator[tuple[int, list[str]]],
    names: Sequence[str],
    *,
    read: Read,
    caps: Caps,
) -> tuple[pl.DataFrame, list[tuple[int, str, str]], int]:
    """Rows as wide as the header, the others, and the number of the last row."""
    frames: list[pl.DataFrame] = []
    ragged: list[tuple[int, str, str]] = []
    batch: list[list[str]] = []
    numbers: list[int] = []
    width, rows, line = len(names), 0, 0
    for line, cells in records:
        if len(cells) != width:
            ragged.append((line, "ragged_row", read.separator.join(cells)))
            continue
        batch.append(cells)
        numbers.append(line)
        if len(batch) == _BATCH_ROWS:
            frames.append(_frame(names, batch, numbers))
            batch, numbers = [], []
            rows += _BATCH_ROWS
            if rows + len(ragged) > caps.rows:
                raise FileRefused(opened.name, f"over {caps.rows:,} rows", "Split the file.")
    frames.append(_frame(names, batch, numbers))
    return pl.concat(frames), ragged, line


def _header_cells(
    opened: Opened, records: Iterator[tuple[int, list[str]]], read: Read
) -> Sequence[str]:
    if isinstance(read.header, list):
        return read.header
    if read.fields:
        return [field.name for field in read.fields]
    if read.pattern:
        return list(re.compile(read.pattern).groupindex)
    first = next(records, None)
    if first is None:
        raise FileRefused(opened.name, "it has no header line", "Export it again.")
    return first[1]


def _frame(names: Sequence[str], batch: list[list[str]], numbers: list[int]) -> pl.DataFrame:
    columns = list(zip(*batch, strict=True)) if batch else [()] * len(names)
    data = {
        name: pl.Series(name, cells, dtype=pl.String)
        for name, cells in zip(names, columns, strict=True)
    }
    return pl.DataFrame({**data, ROW: pl.Series(ROW, numbers, dtype=pl.Int64)})


def _quarantine_last(
    frame: pl.DataFrame, ragged: list[tuple[int, str, str]], *, last: int
) -> tuple[pl.DataFrame, list[tuple[int, str, str]]]:
    """The last line without line end among the rejects: 256160 may have become 2561 there."""
    if ragged and ragged[-1][0] == last:
        line, _, text = ragged[-1]
        return frame, [*ragged[:-1], (line, "truncated_row", text)]
    cells = frame.drop(ROW).row(-1)
    kept = frame.head(frame.height - 1)
    return kept, [*ragged, (last, "no_final_newline", ",".join(cells))]
