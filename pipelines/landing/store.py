"""Files of the landing folder: one lock, whole batches or nothing.

A batch is written below `_pending/<batch>`, then a plan of its renames is put beside it, then the
renames are done. Before the plan is there the batch is nothing and is swept away at the next start;
from the plan on it is whole, and the next start finishes it.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from pipelines.canonical import TABLES, Table
from pipelines.landing.errors import LandingDamaged, NotLocked, RawChanged
from pipelines.settings import Home

PENDING: Final = "_pending"
PLAN: Final = "plan.json"
SUMS: Final = "_sums"
SCHEMA_FILE: Final = "_schema.parquet"
# Addresses lie in these files: for the owner's eyes only.
FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700
_CHUNK: Final = 1 << 20

_held = threading.local()


@dataclass(frozen=True)
class Move:
    """One rename of a plan, both ends relative to the home."""

    source: str
    target: str


def table_folder(home: Home, table: str) -> Path:
    """Folder of one landed table."""
    return home.landing / table


def landed_files(home: Home, table: str) -> list[Path]:
    """Files of one landed table, sorted; the zero-row schema file is not among them."""
    return sorted(table_folder(home, table).glob("month=*/*.parquet"))


def scan(files: Sequence[Path]) -> pl.LazyFrame:
    """Rows of landed files. Names are taken literally, and a month folder adds no column."""
    return pl.scan_parquet(list(files), glob=False, hive_partitioning=False)


def read_table(home: Home, table: str) -> pl.DataFrame:
    """All landed versions of one table, in its canonical schema."""
    files = landed_files(home, table)
    if not files:
        return pl.DataFrame(schema=TABLES[table].schema)
    return scan(files).collect()


@contextmanager
def locked(home: Home) -> Iterator[None]:
    """The right to land into this home, alone among processes and threads; others wait.

    Taken again by the same thread it is simply kept. Entering it finishes what a killed process
    had promised and removes what it had not.
    """
    held: set[Path] = getattr(_held, "homes", set())
    _held.homes = held
    if home.path in held:
        yield
        return
    home.landing.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
    with (home.landing / ".lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        held.add(home.path)
        try:
            _recover(home)
            yield
        finally:
            held.remove(home.path)


def require_lock(home: Home) -> None:
    """Nothing, or NotLocked: without the lock two processes would land one version twice."""
    if home.path not in getattr(_held, "homes", set()):
        raise NotLocked(f"{home.landing}: wrap the batch in `with landing.locked(home):`")


def pending_folder(home: Home, batch_id: str) -> Path:
    """Where a batch waits; empty when this returns."""
    require_lock(home)
    folder = home.landing / PENDING / batch_id
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=FOLDER_MODE)
    return folder


def write_frame(path: Path, frame: pl.DataFrame) -> Path:
    """The path, once the rows are on the disk. Mode 0600."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
    with os.fdopen(_create(path), "wb") as stream:
        frame.write_parquet(stream, compression="zstd")
        stream.flush()
        os.fsync(stream.fileno())
    return path


def write_text(path: Path, text: str) -> Path:
    """The path, once the text is on the disk. Mode 0600."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
    with os.fdopen(_create(path), "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    return path


def _create(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, FILE_MODE)


def move(home: Home, source: Path, target: Path) -> Move:
    """A rename for a plan."""
    return Move(str(source.relative_to(home.path)), str(target.relative_to(home.path)))


def commit(home: Home, batch_id: str, moves: Sequence[Move]) -> None:
    """Nothing; the batch is in its place. The rename of the plan is the one moment of decision."""
    require_lock(home)
    folder = home.landing / PENDING / batch_id
    sums = write_text(folder / "sums.json", _sums(home, moves))
    # Sums first: a file in its place is never without them.
    planned = [move(home, sums, home.landing / SUMS / f"{batch_id}.json"), *moves]
    listed = [[one.source, one.target] for one in planned]
    draft = write_text(folder / f"{PLAN}.draft", json.dumps(listed, indent=0))
    draft.replace(folder / PLAN)
    _sync_folder(folder)
    _finish(home, folder)


def _sums(home: Home, moves: Sequence[Move]) -> str:
    """JSON of sha256 and size of each file of a batch, by the place where it will lie."""
    paths = {one.target: home.path / one.source for one in moves}
    return json.dumps(
        {
            target: {"sha256": _sha256(path), "bytes": path.stat().st_size}
            for target, path in paths.items()
        },
        indent=1,
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def damaged(home: Home) -> list[str]:
    """Files of landing and shelf that are not what was written, relative to the home; sorted.

    Parquet has no checksum of its own: most flipped bytes give other values and no error. What is
    missing counts as damaged, and so does a landed file that no batch has written.
    """
    sums = [json.loads(path.read_text()) for path in sorted((home.landing / SUMS).glob("*.json"))]
    expected = {target: told["sha256"] for one in sums for target, told in one.items()}
    found = {str(path.relative_to(home.path)) for path in home.landing.glob("*/month=*/*.parquet")}
    changed = {
        target
        for target, sha256 in expected.items()
        if not (home.path / target).exists() or _sha256(home.path / target) != sha256
    }
    return sorted(changed | (found - expected.keys()))


def _recover(home: Home) -> None:
    waiting = home.landing / PENDING
    if not waiting.is_dir():
        return
    for folder in sorted(waiting.iterdir()):
        if folder.is_file():
            folder.unlink()
        elif (folder / PLAN).exists():
            _finish(home, folder)
        else:
            shutil.rmtree(folder)


def _finish(home: Home, folder: Path) -> None:
    touched: set[Path] = set()
    for source_name, target_name in json.loads((folder / PLAN).read_text()):
        source, target = home.path / source_name, home.path / target_name
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
            source.replace(target)
            touched.add(target.parent)
        elif not target.exists():
            raise LandingDamaged(
                f"{target} is missing and so is {source}: restore the folder from the backup, "
                f"or remove {folder} and land the raw files again"
            )
    for parent in sorted(touched):
        _sync_folder(parent)
    shutil.rmtree(folder)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def archive_raw(home: Home, path: Path, *, sha256: str) -> Path:
    """`raw/<sha256><suffix>`: a copy of the file as it came, written once.

    A copy and never a link, so that nobody who edits the shop's file edits the archive.
    Raises: RawChanged when the bytes are not those that were read under `sha256`.
    """
    target = home.raw / f"{sha256}{_suffix(path)}"
    if target.exists():
        return target
    home.raw.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
    draft = home.raw / f".{sha256}.{os.getpid()}.{threading.get_ident()}"
    digest = hashlib.sha256()
    with path.open("rb") as source, os.fdopen(_create(draft), "wb") as stream:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            stream.write(chunk)
        stream.flush()
        os.fsync(stream.fileno())
    if digest.hexdigest() != sha256:
        draft.unlink()
        raise RawChanged(f"{path.name} changed while it was read: run again when it is complete")
    draft.replace(target)
    _sync_folder(home.raw)
    return target


def _suffix(path: Path) -> str:
    """`.csv`, `.csv.gz` and the like; nothing for an ending that is no plain word."""
    kept = path.suffixes[-2:] if path.suffix.lower() in {".gz", ".zip"} else path.suffixes[-1:]
    suffix = "".join(kept).lower()
    return suffix if re.fullmatch(r"(\.[a-z0-9]{1,8}){1,2}", suffix) else ""


def ensure_all_tables(home: Home) -> None:
    """Nothing; every table has its folder with a typed zero-row file, so that dbt can read it."""
    with locked(home):
        for table in TABLES.values():
            _ensure(home, table)


def _ensure(home: Home, table: Table) -> None:
    target = table_folder(home, table.name) / SCHEMA_FILE
    if target.exists() and pl.read_parquet_schema(target) == table.schema:
        return
    draft = home.landing / PENDING / f"{table.name}{SCHEMA_FILE}"
    write_frame(draft, pl.DataFrame(schema=table.schema))
    target.parent.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
    draft.replace(target)
