"""`CURRENT.json`: the one small file that says which snapshot is in force."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from pipelines.publish.errors import PointerDamaged

POINTER_NAME: Final = "CURRENT.json"
# The one in force and two before it: readers that still hold an older file, and the way back.
KEPT_SNAPSHOTS: Final = 3


@dataclass(frozen=True)
class TableMark:
    """What one published table holds: `hash` does not depend on the order of its rows."""

    rows: int
    hash: str


@dataclass(frozen=True)
class Pointer:
    """One snapshot as `CURRENT.json` names it. `previous` lists the kept older ones, newest first.

    Units: `as_of_at` is UTC, ISO 8601 with `Z`. `file` and `private_file` are bare names.
    """

    snapshot_id: str
    shop_id: str
    is_demo: bool
    file: str
    sha256: str
    bytes: int
    private_file: str
    private_sha256: str
    as_of_at: str
    settings_version: str
    code_version: str
    tables: Mapping[str, TableMark]
    previous: tuple["Pointer", ...] = ()

    @classmethod
    def from_json(cls, given: Mapping[str, object]) -> "Pointer":
        """Pointer of the parsed JSON."""
        fields = dict(given)
        tables = fields.pop("tables")
        previous = fields.pop("previous", [])
        if not isinstance(tables, dict) or not isinstance(previous, list):
            raise TypeError("tables must be an object and previous a list")
        return cls(
            **fields,  # type: ignore[arg-type]
            tables={name: TableMark(**mark) for name, mark in tables.items()},
            previous=tuple(cls.from_json(older) for older in previous),
        )

    def to_json(self) -> str:
        """Text of the file, keys sorted, so that equal pointers are equal bytes."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True) + "\n"

    def chain(self) -> tuple["Pointer", ...]:
        """This snapshot and the kept older ones, newest first."""
        return (self, *self.previous)


def read_pointer(folder: Path) -> Pointer | None:
    """Pointer in force in a `published/` folder; None before the first publish.

    Raises: PointerDamaged.
    """
    try:
        return Pointer.from_json(json.loads((folder / POINTER_NAME).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise PointerDamaged(
            f"{folder / POINTER_NAME} is damaged; `okaeri run` publishes the build again"
        ) from error


def pointer_if_whole(folder: Path) -> Pointer | None:
    """Pointer in force; None before the first publish, and for one that says nothing any more."""
    try:
        return read_pointer(folder)
    except PointerDamaged:
        return None


def write_pointer(folder: Path, pointer: Pointer) -> None:
    """The pointer replaced as one act, after everything it names is on the disk."""
    pending = folder / f".{POINTER_NAME}.tmp"
    pending.write_text(pointer.to_json(), encoding="utf-8")
    to_disk(pending)
    pending.replace(folder / POINTER_NAME)
    to_disk(folder)


def to_disk(path: Path) -> None:
    """A file's bytes, or a folder's names, survive a power cut from here on."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, hex. Never called on a database this process holds open for writing."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
