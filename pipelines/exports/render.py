"""Cells → the bytes of one file or several, and the proof that they hold exactly those cells.

Pure function of the layout and the cells in order: no timestamp, no environment, fixed quoting.
Rows pass through in shares, so that a file may be larger than memory; a share is a column of lists,
one list of cells per row.

Long: both formats and the cutting into parts are proved together.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import asdict, dataclass, field
from typing import BinaryIO, Final

import polars as pl

from pipelines.exports.errors import FileNotFaithful
from pipelines.exports.profile import Profile, ProfileColumn

# Raised when the same cells would give other bytes.
RENDERER_VERSION: Final = "1"
_QUOTING: Final = {"none": csv.QUOTE_NONE, "minimal": csv.QUOTE_MINIMAL, "all": csv.QUOTE_ALL}
_BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
_JSON_WORD: Final = re.compile(r"true|false|-?(0|[1-9]\d*)(\.\d+)?")

Row = Sequence[str]
_ROWS: Final = pl.List(pl.String)
# Number of a part, from 1 → where its bytes go.
OpenPart = Callable[[int], AbstractContextManager[BinaryIO]]


@dataclass(frozen=True)
class Layout:
    """Header and dialect of one file, as the ledger keeps them with the batch.

    `bare`: labels a JSON file writes without quotes. Units: `max_bytes` encoded bytes of one part.
    """

    labels: tuple[str, ...]
    encoding: str
    newline: str
    delimiter: str
    quoting: str
    header: bool
    format: str = "csv"
    extension: str = "csv"
    bare: tuple[str, ...] = ()
    max_rows: int | None = None
    max_bytes: int | None = None

    @classmethod
    def of(cls, profile: Profile, columns: Sequence[ProfileColumn]) -> "Layout":
        """Layout of a profile over the expanded columns."""
        return cls(
            labels=tuple(column.label for column in columns),
            encoding=profile.encoding,
            newline=profile.newline,
            delimiter=profile.delimiter,
            quoting=profile.quoting,
            header=profile.header,
            format=profile.format,
            extension=profile.extension,
            bare=tuple(c.label for c in columns if c.type in ("number", "boolean")),
            max_rows=profile.max_rows_per_file,
            max_bytes=profile.max_bytes_per_file,
        )

    @classmethod
    def from_json(cls, given: Mapping[str, object]) -> "Layout":
        """Layout as it was stored."""
        fields = dict(given)
        for name in ("labels", "bare"):
            found = fields.pop(name, [])
            if not isinstance(found, list):
                raise TypeError(f"{name} must be a list")
            fields[name] = tuple(found)
        return cls(**fields)  # type: ignore[arg-type]

    def to_json(self) -> dict[str, object]:
        """Plain values for the ledger."""
        return asdict(self) | {"labels": list(self.labels), "bare": list(self.bare)}

    def name(self, stem: str, part: int) -> str:
        """Name of a part's file; the first one is named as if there were no other."""
        return f"{stem}.{self.extension}" if part == 1 else f"{stem}-p{part}.{self.extension}"


@dataclass(frozen=True)
class Part:
    """One finished file."""

    rows: int
    nbytes: int
    sha256: str


@dataclass(frozen=True)
class Rendered:
    """Every file of a batch in order. `sha256`: of all their bytes, one after the other."""

    parts: tuple[Part, ...]
    sha256: str

    @property
    def rows(self) -> int:
        """Rows of all parts."""
        return sum(part.rows for part in self.parts)

    @property
    def nbytes(self) -> int:
        """Bytes of all parts."""
        return sum(part.nbytes for part in self.parts)


def render(layout: Layout, shares: Iterable[pl.Series], open_part: OpenPart) -> Rendered:
    """Write the rows, cut into parts where the layout's limits say so; one part for no row at all.

    Raises: FileNotFaithful if reading a line again gives other cells.
    """
    dialect = _Json(layout) if layout.format == "json" else _Csv(layout)
    with _Files(layout, dialect, open_part) as files:
        for share in shares:
            files.add(dialect.lines(share))
    return files.done()


def files_bytes(layout: Layout, rows: Sequence[Row]) -> tuple[bytes, ...]:
    """The same, in memory: the bytes of each part."""
    buffers: list[io.BytesIO] = []

    def open_part(_number: int) -> AbstractContextManager[BinaryIO]:
        buffers.append(io.BytesIO())
        return nullcontext(buffers[-1])

    render(layout, [pl.Series(rows, dtype=_ROWS)] if rows else [], open_part)
    return tuple(buffer.getvalue() for buffer in buffers)


class _Csv:
    between = ""
    tail = ""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.codec = "utf-8" if layout.encoding == "utf-8-sig" else layout.encoding
        bom = _BOM if layout.encoding == "utf-8-sig" else ""
        self.lead = bom + ("".join(self._written([layout.labels])) if layout.header else "")
        quote = '"' if layout.quoting == "all" else ""
        self._edge, self._joint = quote, f"{quote}{layout.delimiter}{quote}"

    def lines(self, rows: pl.Series) -> pl.Series:
        """A text per row. Only rows in which a sign means something else are written by cell."""
        edge, joint, newline = self._edge, self._joint, self._layout.newline
        width = len(self._layout.labels)
        bare = rows.list.join(joint)
        is_plain = (
            (rows.list.len() == width)
            & (bare.str.count_matches(joint, literal=True) == width - 1)
            & (bare.str.count_matches('"', literal=True) == len(self._edge) * 2 * (width - 1))
            & ~bare.str.contains(f"[\r\n{_BOM}]")
            & (bare != "")
        )
        plain = bare.filter(is_plain)
        lines = pl.select(
            pl.concat_str(pl.lit(edge), plain, pl.lit(f"{edge}{newline}"))
        ).to_series()
        self._refuse_unreadable(lines, rows.filter(is_plain))
        if is_plain.all():
            return lines
        others = rows.filter(~is_plain).to_list()
        written = self._written(others)
        # A forged quote or line end in a name must not become a row of its own at the mailer.
        again = csv.reader(
            io.StringIO(self._encodable("".join(written)), newline=""), strict=True,
            delimiter=self._layout.delimiter,
            quoting=_QUOTING[self._layout.quoting],  # type: ignore[arg-type]
        )  # fmt: skip
        _refuse_other(list(again), others)
        place = pl.concat([is_plain.arg_true(), (~is_plain).arg_true()])
        every = pl.concat([lines, pl.Series(written, dtype=pl.String)])
        return every.gather(place.arg_sort())

    def _refuse_unreadable(self, lines: pl.Series, rows: pl.Series) -> None:
        if lines.is_empty():
            return
        labels = [str(number) for number in range(len(self._layout.labels))]
        try:
            found = pl.read_csv(
                self._encodable(lines.str.join().item()).encode(),
                has_header=False, schema=dict.fromkeys(labels, pl.String),
                separator=self._layout.delimiter, quote_char=self._edge or None,
                empty_string_is_null=False,
            )  # fmt: skip
        except pl.exceptions.PolarsError as error:
            raise _not_faithful(rows.len(), 0) from error
        if not found.equals(rows.list.to_struct(fields=labels).struct.unnest()):
            raise _not_faithful(rows.len(), found.height)

    def _encodable(self, text: str) -> str:
        # A column of texts holds nothing that cannot be written in UTF-8.
        return text if self.codec == "utf-8" else text.encode(self.codec).decode(self.codec)

    def _written(self, rows: Sequence[Row]) -> list[str]:
        found = _Lines()
        try:
            csv.writer(
                found, delimiter=self._layout.delimiter, lineterminator=self._layout.newline,
                quoting=_QUOTING[self._layout.quoting],  # type: ignore[arg-type]
            ).writerows(rows)  # fmt: skip
        except csv.Error as error:
            raise FileNotFaithful(
                f"a cell cannot be written without quotes ({error}); nothing was sealed"
            ) from error
        return found.lines


class _Json:
    codec = "utf-8"
    lead = "[\n"
    between = ",\n"
    tail = "\n]\n"

    def __init__(self, layout: Layout) -> None:
        self._labels = layout.labels
        self._bare = frozenset(layout.bare)

    def lines(self, share: pl.Series) -> pl.Series:
        """A text per row."""
        rows = share.to_list()
        lines = [self._line(row) for row in rows]
        found = [self._cells(json.loads(line, parse_int=str, parse_float=str)) for line in lines]
        _refuse_other(found, rows)
        return pl.Series(lines, dtype=pl.String)

    def _line(self, row: Row) -> str:
        pairs = (
            json.dumps(label, ensure_ascii=False) + ":" + self._value(label, cell)
            for label, cell in zip(self._labels, row, strict=True)
        )
        return "{" + ",".join(pairs) + "}"

    def _value(self, label: str, cell: str) -> str:
        if not cell:
            return "null"
        is_bare = label in self._bare and _JSON_WORD.fullmatch(cell)
        return cell if is_bare else json.dumps(cell, ensure_ascii=False)

    def _cells(self, found: Mapping[str, object]) -> list[str]:
        return [self._said(found[label]) for label in self._labels]

    @staticmethod
    def _said(value: object) -> str:
        if value is None:
            return ""
        return value if isinstance(value, str) else json.dumps(value)


@dataclass
class _Lines:
    """What `csv.writer` writes to: one text per row."""

    lines: list[str] = field(default_factory=list)

    def write(self, line: str) -> None:
        self.lines.append(line)


class _Files:
    """The open part, closed and followed by another where a limit is reached."""

    def __init__(self, layout: Layout, dialect: _Csv | _Json, open_part: OpenPart) -> None:
        self._layout, self._codec = layout, dialect.codec
        self._lead, self._between, self._tail = (
            text.encode(self._codec) for text in (dialect.lead, dialect.between, dialect.tail)
        )
        self._open_part = open_part
        self._whole = hashlib.sha256()
        self._parts: list[Part] = []
        self._stack = ExitStack()

    def __enter__(self) -> "_Files":
        self._begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_more: object) -> None:
        if kind is None:
            self._end()
        self._stack.close()

    def add(self, lines: pl.Series) -> None:
        if lines.is_empty():
            return
        if self._layout.max_rows is None and self._layout.max_bytes is None:
            # Nothing is ever cut: they are written as one.
            lead = self._between if self._rows else b""
            text = lines.str.join(self._between.decode()).item()
            self._write(lead + text.encode(self._codec))
            self._rows += lines.len()
            return
        for text in lines.to_list():
            self._add(text.encode(self._codec))

    def _add(self, line: bytes) -> None:
        size = self._nbytes + len(self._between) + len(line) + len(self._tail)
        rows, nbytes = self._layout.max_rows, self._layout.max_bytes
        is_full = (rows is not None and self._rows >= rows) or (
            nbytes is not None and size > nbytes
        )
        if self._rows and is_full:
            self._end()
            self._begin()
        self._write(self._between + line if self._rows else line)
        self._rows += 1

    def done(self) -> Rendered:
        return Rendered(tuple(self._parts), self._whole.hexdigest())

    def _begin(self) -> None:
        self._rows = self._nbytes = 0
        self._hash = hashlib.sha256()
        self._stream = self._stack.enter_context(self._open_part(len(self._parts) + 1))
        self._write(self._lead)

    def _end(self) -> None:
        self._write(self._tail)
        self._stack.close()
        self._parts.append(Part(self._rows, self._nbytes, self._hash.hexdigest()))

    def _write(self, data: bytes) -> None:
        self._stream.write(data)
        self._hash.update(data)
        self._whole.update(data)
        self._nbytes += len(data)


def _refuse_other(found: Sequence[Row], rows: Sequence[Row]) -> None:
    if found == rows:
        return
    if len(found) != len(rows) or any(
        list(mine) != list(theirs) for mine, theirs in zip(rows, found, strict=True)
    ):
        raise _not_faithful(len(rows), len(found))


def _not_faithful(claimed: int, found: int) -> FileNotFaithful:
    return FileNotFaithful(
        f"of {claimed} lines that were claimed, {found} come back or differ; nothing "
        "was sealed, see the profile's quoting and delimiter"
    )
