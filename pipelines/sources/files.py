"""Files as they lie in a folder: opened once, without trust, before any parser sees a byte."""

import gzip
import hashlib
import os
import stat
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final, cast

from pipelines.sources.refusals import FileRefused

_CHUNK: Final = 1 << 20
# Below this a high ratio is a small repetitive export, not a bomb.
_RATIO_FREE_BYTES: Final = 16 << 20


@dataclass(frozen=True)
class Caps:
    """The most one file may bring. Units: bytes, rows, columns; `ratio` expanded to stored."""

    stored: int = 4 << 30
    expanded: int = 8 << 30
    ratio: int = 100
    rows: int = 50_000_000
    columns: int = 2_000
    cell: int = 1_000_000


CAPS: Final = Caps()


@dataclass(frozen=True)
class Opened:
    """A file's content, expanded, seekable.

    `sha256`, `nbytes` and `written_at` (UTC) are of the file as it lay there.
    """

    name: str
    content_name: str
    sha256: str
    nbytes: int
    stream: IO[bytes]
    written_at: datetime

    def close(self) -> None:
        """Nothing held any more."""
        self.stream.close()


def open_file(path: Path, *, caps: Caps = CAPS) -> Opened:
    """The file's content, expanded when it is `.gz` or `.zip`.

    Raises: FileRefused when it is no regular file, empty, over a cap, cut, or its `.sha256`
    file beside it says otherwise.
    """
    stream = _open_regular(path)
    try:
        written_at = datetime.fromtimestamp(os.fstat(stream.fileno()).st_mtime, tz=UTC)
        digest, nbytes = _digest(stream)
        _check_stored(path, digest=digest, nbytes=nbytes, caps=caps)
        stream.seek(0)
        expanded, content_name = _expand(path, stream, nbytes=nbytes, caps=caps)
    except BaseException:
        stream.close()
        raise
    return Opened(path.name, content_name, digest, nbytes, expanded, written_at)


def sha256_of(path: Path) -> str:
    """Hex digest of the file's bytes as they lie there. Raises: FileRefused."""
    with _open_regular(path) as stream:
        return _digest(stream)[0]


def digest_of(path: Path) -> str:
    """SHA-256 of the file as it lies there. Raises: FileRefused when it is no regular file."""
    with _open_regular(path) as stream:
        return _digest(stream)[0]


def _open_regular(path: Path) -> IO[bytes]:
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        handle = os.open(path, flags)
    except OSError as error:
        if path.is_symlink():
            raise FileRefused(
                path.name, "it is a symbolic link", "Put the file itself into the folder."
            ) from error
        raise FileRefused(
            path.name, f"it cannot be opened ({error.strerror})", "Check its place and rights."
        ) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise FileRefused(path.name, "it is not a regular file", "Put a plain file there.")
    return os.fdopen(handle, "rb")


def _digest(stream: IO[bytes]) -> tuple[str, int]:
    digest, nbytes = hashlib.sha256(), 0
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
        nbytes += len(chunk)
    return digest.hexdigest(), nbytes


def _check_stored(path: Path, *, digest: str, nbytes: int, caps: Caps) -> None:
    if nbytes == 0:
        raise FileRefused(path.name, "it is empty", "Export it again.")
    if nbytes > caps.stored:
        raise FileRefused(
            path.name, f"it is over {caps.stored:,} bytes", "Export it in several files."
        )
    beside = path.with_name(f"{path.name}.sha256")
    if beside.is_file():
        told = beside.read_text(encoding="utf-8", errors="replace").split()
        if not told or told[0].lower() != digest:
            raise FileRefused(
                path.name,
                f"its content is not what {beside.name} says",
                "Transfer it again: bytes were lost or changed on the way.",
            )


def _expand(path: Path, stream: IO[bytes], *, nbytes: int, caps: Caps) -> tuple[IO[bytes], str]:
    suffix = path.suffix.lower()
    if suffix == ".gz":
        with stream:
            return _expand_gzip(path, stream, nbytes=nbytes, caps=caps), path.stem
    if suffix == ".zip":
        with stream:
            return _expand_zip(path, stream, nbytes=nbytes, caps=caps)
    return stream, path.name


def _expand_gzip(path: Path, stream: IO[bytes], *, nbytes: int, caps: Caps) -> IO[bytes]:
    try:
        with gzip.GzipFile(fileobj=stream) as packed:
            return _copy_capped(path, cast("IO[bytes]", packed), nbytes=nbytes, caps=caps)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FileRefused(
            path.name, "the gzip archive is cut or damaged", "Transfer it again."
        ) from error


def _expand_zip(path: Path, stream: IO[bytes], *, nbytes: int, caps: Caps) -> tuple[IO[bytes], str]:
    try:
        with zipfile.ZipFile(stream) as archive:
            members = [
                m
                for m in archive.infolist()
                if not m.is_dir() and not m.filename.startswith("__MACOSX/")
            ]
            if len(members) != 1:
                raise FileRefused(
                    path.name,
                    f"the zip archive holds {len(members)} files",
                    "Put exactly one file into each archive.",
                )
            if members[0].flag_bits & 0x1:
                raise FileRefused(
                    path.name, "the zip archive has a password", "Unpack it into the folder."
                )
            with archive.open(members[0]) as packed:
                copied = _copy_capped(path, packed, nbytes=nbytes, caps=caps)
                return copied, Path(members[0].filename).name
    except (EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError) as error:
        raise FileRefused(
            path.name, "the zip archive is cut or damaged", "Transfer it again."
        ) from error


def _copy_capped(path: Path, packed: IO[bytes], *, nbytes: int, caps: Caps) -> IO[bytes]:
    limit = min(caps.expanded, max(nbytes * caps.ratio, _RATIO_FREE_BYTES))
    # Unlinked at once: the expanded text has addresses in it and must not outlive the process.
    copied = tempfile.TemporaryFile()  # noqa: SIM115 - handed to the caller
    size = 0
    try:
        while chunk := packed.read(_CHUNK):
            size += len(chunk)
            if size > limit:
                raise FileRefused(
                    path.name,
                    f"it expands to more than {limit:,} bytes ({caps.ratio} times its size)",
                    "Unpack it by hand and see what it is.",
                )
            copied.write(chunk)
    except BaseException:
        copied.close()
        raise
    if size == 0:
        copied.close()
        raise FileRefused(path.name, "the archive holds an empty file", "Export it again.")
    copied.seek(0)
    return cast("IO[bytes]", copied)


def check_workbook(opened: Opened, *, caps: Caps = CAPS) -> None:
    """Nothing, when the workbook is no bomb. Raises: FileRefused (an .xlsx is a zip of XML)."""
    opened.stream.seek(0)
    if opened.stream.read(4) == b"PK\x03\x04":
        opened.stream.seek(0)
        try:
            with zipfile.ZipFile(opened.stream) as archive:
                size = sum(member.file_size for member in archive.infolist())
                broken = archive.testzip() if size <= caps.expanded else None
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise FileRefused(
                opened.name, "the workbook is cut or damaged", "Save it again."
            ) from error
        if size > caps.expanded or size > max(opened.nbytes * caps.ratio, _RATIO_FREE_BYTES):
            raise FileRefused(
                opened.name, "the workbook expands beyond measure", "Save the sheet as CSV."
            )
        if broken is not None:
            raise FileRefused(opened.name, "the workbook is damaged", "Save it again.")
    opened.stream.seek(0)
