"""Cells → the bytes of one file, and the proof that those bytes hold exactly those cells.

Pure function of the layout and the cells in order: no timestamp, no environment, fixed quoting.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from pipelines.exports.errors import FileNotFaithful
from pipelines.exports.profile import Profile, ProfileColumn

# Raised when the same cells would give other bytes.
RENDERER_VERSION: Final = "1"
_QUOTING: Final = {"none": csv.QUOTE_NONE, "minimal": csv.QUOTE_MINIMAL, "all": csv.QUOTE_ALL}


@dataclass(frozen=True)
class Layout:
    """Header and dialect of one file, as the ledger keeps them with the batch."""

    labels: tuple[str, ...]
    encoding: str
    newline: str
    delimiter: str
    quoting: str
    header: bool

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
        )

    @classmethod
    def from_json(cls, given: Mapping[str, object]) -> "Layout":
        """Layout as it was stored."""
        fields = dict(given)
        labels = fields.pop("labels")
        if not isinstance(labels, list):
            raise TypeError("labels must be a list")
        return cls(labels=tuple(labels), **fields)  # type: ignore[arg-type]

    def to_json(self) -> dict[str, object]:
        """Plain values for the ledger."""
        return asdict(self) | {"labels": list(self.labels)}


def file_bytes(layout: Layout, rows: Sequence[Sequence[str]]) -> bytes:
    """The file. Raises: FileNotFaithful if reading it again gives other cells."""
    text = io.StringIO(newline="")
    writer = csv.writer(
        text,
        delimiter=layout.delimiter,
        lineterminator=layout.newline,
        quoting=_QUOTING[layout.quoting],  # type: ignore[arg-type]
    )
    if layout.header:
        writer.writerow(layout.labels)
    writer.writerows(rows)
    data = text.getvalue().encode(layout.encoding)
    _prove(layout, data, rows)
    return data


def _prove(layout: Layout, data: bytes, rows: Sequence[Sequence[str]]) -> None:
    # A forged quote or line end in a name must not become a row of its own at the mailer.
    reader = csv.reader(
        io.StringIO(data.decode(layout.encoding), newline=""),
        delimiter=layout.delimiter,
        quoting=_QUOTING[layout.quoting],  # type: ignore[arg-type]
        strict=True,
    )
    found = [tuple(row) for row in reader]
    expected = ([layout.labels] if layout.header else []) + [tuple(row) for row in rows]
    if found != expected:
        raise FileNotFaithful(
            f"{len(expected)} lines were claimed, {len(found)} come back or differ; nothing was "
            "sealed, see the profile's quoting and delimiter"
        )
