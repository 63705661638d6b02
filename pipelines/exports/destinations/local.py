"""A folder a mailer picks files up from: staged out of sight, handed over by one rename.

Invariant: the staged file is the only copy, on the same file system as the outbox. Its absence
therefore proves that the rename happened, whatever became of the process or of the file since.
"""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Final

from pipelines.exports import authentic
from pipelines.exports.errors import InDoubt, OutboxUnusable, Tampered

# In staging, and no file of a batch: the lock, whose outbox it is, and marks of remote places.
_BESIDE: Final = ("lock", "owner.json")
MARKS: Final = (".asked", ".left")


@dataclass(frozen=True)
class LocalFolder:
    """One destination's outbox. `root` is what the mailer watches, `key` seals its manifests."""

    root: Path
    key: bytes = field(default=b"", repr=False, kw_only=True)
    # A power cut may undo a rename a mailer has seen: only a person can tell then.
    forgets_with_power: ClassVar[bool] = True
    is_remote: ClassVar[bool] = False

    def address(self, name: str) -> str:
        """Where a handed-over file lies, as a person would look for it."""
        return str(self._out(name))

    @property
    def staging(self) -> Path:
        """Where a file is written: a dot folder, mode 0700, no mailer looks into it."""
        return self.root / ".staging"

    @property
    def manifests(self) -> Path:
        """One JSON per sealed file. The mailer has no business here; backups copy it."""
        return self.root / "manifests"

    def prepare(self) -> None:
        """Make the folders. Raises: OutboxUnusable if they are not one writable file system."""
        try:
            for folder in (self.root, self.staging, self.manifests):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for folder in (self.root, self.staging, self.manifests):
                # Asking for permission lies to root and on network mounts; writing does not.
                with tempfile.TemporaryFile(dir=folder):
                    pass
        except OSError as error:
            raise OutboxUnusable(
                f"outbox {self.root} cannot be written ({error.strerror}); nothing was handed over"
            ) from error
        if self.root.stat().st_dev != self.staging.stat().st_dev:
            raise OutboxUnusable(
                f"{self.staging} and {self.root} are different file systems: a rename between "
                "them is a copy, which a mailer may pick up half written"
            )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """The destination to oneself. The kernel frees it on death: there is no lease to wait for.

        Invariant: the lock file is never deleted, or two processes would lock two files.
        """
        handle = os.open(self.staging / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """The staged file, begun anew, mode 0600, seen to the disk when the block ends."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        path = self._staged(name)
        with os.fdopen(os.open(path, flags, 0o600), "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        _sync(self.staging)

    @contextmanager
    def telling(self, name: str) -> Iterator[None]:
        """What the disk refuses inside is said with what to do. Raises: OutboxUnusable."""
        try:
            yield
        except OSError as error:
            raise OutboxUnusable(
                f"{name} cannot be written below {self.root} ({error.strerror}); nothing of it was "
                "handed over, its people stay reserved, and the next export tries again"
            ) from error

    def stage(self, name: str, data: bytes) -> None:
        """Write the staged file anew and see it to the disk."""
        with self.writing(name) as stream:
            stream.write(data)

    def staged_of(self, stem: str) -> tuple[str, ...]:
        """Names of the staged files of one batch and revision."""
        found = (path.name for path in self.staging.iterdir())
        return tuple(sorted(n for n in found if n.startswith((f"{stem}.", f"{stem}-p"))))

    def staged(self) -> tuple[str, ...]:
        """Names of all staged files, without what is kept beside them."""
        found = (path.name for path in self.staging.glob("[!.]*"))
        return tuple(sorted(n for n in found if n not in _BESIDE and not n.endswith(MARKS)))

    def staged_sha256(self, name: str) -> str | None:
        """sha256 of the staged file, None if it is gone."""
        try:
            with self._staged(name).open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
        except FileNotFoundError:
            return None

    def is_out(self, name: str) -> bool:
        """Whether a file of this name lies in the outbox right now."""
        return self._out(name).exists()

    def make_ready(self, names: Iterable[str]) -> None:
        """All that can be done before the last look: here nothing is left but the rename."""

    def hand_over(self, name: str, sha256: str) -> None:
        """Move the staged file into the outbox. Raises: InDoubt if it or its name is not free."""
        if self.staged_sha256(name) != sha256 or self.is_out(name):
            raise InDoubt("the staged file was changed, or lies in the outbox as well")
        try:
            self._staged(name).rename(self._out(name))
        except OSError as error:
            # A network mount may do it, lose its answer, and find nothing when it asks again.
            if isinstance(error, FileNotFoundError) and self.staged_sha256(name) is None:
                return
            raise OutboxUnusable(
                f"{name} cannot be moved into {self.root} ({error.strerror}); it is kept in "
                "staging and tried again by the next export"
            ) from error

    def sync(self) -> None:
        """The rename survives a power cut from here on."""
        _sync(self.root)
        _sync(self.staging)

    def discard(self, name: str) -> None:
        """Remove a staged file that will not be handed over."""
        self._staged(name).unlink(missing_ok=True)

    def place(self, name: str, data: bytes) -> None:
        """Put a list of people to drop into the outbox whole; a newer one replaces an older."""
        self.stage(name, data)
        self._staged(name).replace(self._out(name))
        self.sync()

    def read_manifest(self, stem: str, *, with_claims: bool = False) -> Mapping[str, Any] | None:
        """The manifest of a sealed file, None if there is none.

        Raises: Tampered for one without this shop's seal, or that tells of another batch.
        """
        path = self._manifest(stem)
        if not path.exists():
            return None
        if authentic.is_sealed(path, key=self.key):
            found = authentic.opened(path, with_claims=with_claims)
            if stem == f"{found['batch_id']}-r{found['rev']}":
                return found
        raise Tampered(
            f"the manifest {path.name} bears no seal of this shop's: somebody changed it, or a "
            "version before seals wrote it"
        )

    def has_manifest(self, stem: str) -> bool:
        """Whether a sealed file of this name was recorded."""
        return self._manifest(stem).exists()

    def write_manifest(self, stem: str, content: Mapping[str, object]) -> Path:
        """The manifest with its seal, written whole or not at all."""
        target = self._manifest(stem)
        self._write_whole(target, authentic.sealed(content, key=self.key))
        return target

    def manifest_stems(self) -> tuple[str, ...]:
        """Names of all files that were ever sealed here, as far as anybody knows."""
        return tuple(sorted(path.stem for path in self.manifests.glob("[a-z0-9]*.json")))

    def refuse_manifest(self, stem: str) -> None:
        """Set a manifest aside that bears no seal of this shop's: for a person to look at."""
        path = self._manifest(stem)
        path.rename(path.with_suffix(".refused"))

    def read_owner(self) -> Mapping[str, object] | None:
        """Which ledger handed over into this outbox last, None for nobody yet.

        Raises: Tampered for a word without this shop's seal, or none where files were handed over.
        """
        path = self._owner
        if not path.exists():
            if self.manifest_stems():
                raise Tampered(f"{path} is gone, and files were handed over here")
            return None
        if not authentic.is_sealed(path, key=authentic.owner_key(self.key)):
            raise Tampered(
                f"{path} bears no seal of this shop's: another shop hands over here, somebody "
                "changed it, or a version before seals wrote it"
            )
        return authentic.opened(path, with_claims=False)

    def write_owner(self, content: Mapping[str, object]) -> None:
        """Sign the outbox."""
        key = authentic.owner_key(self.key)
        self._write_whole(self._owner, authentic.sealed(content, key=key))

    @property
    def _owner(self) -> Path:
        return self.staging / "owner.json"

    def _write_whole(self, target: Path, pieces: Iterable[bytes]) -> None:
        pending = target.with_name(f".{target.name}.tmp")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with self.telling(target.name):
            with os.fdopen(os.open(pending, flags, 0o600), "wb") as out:
                out.writelines(pieces)
                out.flush()
                os.fsync(out.fileno())
            pending.replace(target)
            _sync(target.parent)

    def _staged(self, name: str) -> Path:
        return _inside(self.staging, name)

    def _out(self, name: str) -> Path:
        return _inside(self.root, name)

    def _manifest(self, stem: str) -> Path:
        return _inside(self.manifests, f"{stem}.json")


def _inside(folder: Path, name: str) -> Path:
    path = folder / name
    if path.parent != folder or name.startswith(".") or "\0" in name:
        raise OutboxUnusable(f"{name[:80]!r} is no file name of an export")
    return path


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
