"""Locked connections to the newest whole snapshot."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import duckdb

from pipelines.publish.errors import NothingPublished
from pipelines.publish.pointer import Pointer, read_pointer, sha256_of
from pipelines.settings import Home

# Read-only alone still reads and writes any file of the machine; the last line makes the rest hold.
LOCK = """
set autoinstall_known_extensions = false;
set autoload_known_extensions = false;
set enable_external_access = false;
set lock_configuration = true;
"""


@dataclass(frozen=True)
class Published:
    """The file to read. `is_fallback`: the snapshot in force is damaged and an older one serves."""

    path: Path
    pointer: Pointer
    is_fallback: bool


@lru_cache(maxsize=64)
def _matches(path: Path, sha256: str, _size: int, _modified_ns: int) -> bool:
    """Whether the bytes are those published, read once per process for one state of the file."""
    return sha256_of(path) == sha256


def is_whole(path: Path, sha256: str) -> bool:
    """Whether the file is there with the bytes that were published."""
    if not path.is_file():
        return False
    state = path.stat()
    return _matches(path, sha256, state.st_size, state.st_mtime_ns)


def locate(home: Home) -> Published:
    """Newest snapshot whose bytes are whole.

    Raises: NothingPublished when none was made yet or none is whole.
    """
    current = read_pointer(home.published)
    if current is None:
        raise NothingPublished(f"{home.published}: nothing published yet; run `okaeri run` first")
    for pointer in current.chain():
        path = home.published / pointer.file
        if is_whole(path, pointer.sha256):
            return Published(path, pointer, is_fallback=pointer is not current)
    raise NothingPublished(
        f"{home.published}: {current.file} and every kept older snapshot are missing or damaged; "
        "`okaeri run` publishes the build again"
    )


def locked_connection(path: Path) -> duckdb.DuckDBPyConnection:
    """Read-only connection without file access, network, extensions or settings to change."""
    connection = duckdb.connect(str(path), read_only=True)
    connection.execute(LOCK)
    return connection


def open_published(home: Home) -> duckdb.DuckDBPyConnection:
    """Locked connection to the newest whole snapshot.

    Raises: NothingPublished when there is none.
    """
    return locked_connection(locate(home).path)
