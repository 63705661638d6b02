"""A place on another machine: staged here, handed over there, and looked at whenever in doubt.

A lost connection leaves one question: did the last request arrive? A mark on this disk is written
before that request, so its absence proves that nothing was asked for. With the mark, the place is
looked at: the same bytes under their name were delivered; bytes still hidden there can only be
revealed, never sent again; neither one may mean that a mailer took them, and a person decides.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import ClassVar, Protocol

from pipelines.exports.destinations.local import MARKS, LocalFolder
from pipelines.exports.errors import InDoubt, OutboxUnusable, Unsent


class Look(Enum):
    """What lies at a remote place under a file's name."""

    THERE = "the same bytes lie there under their name"
    HIDDEN = "the same bytes lie there, not revealed yet"
    ABSENT = "nothing of it lies there"
    OTHER = "other bytes lie there"


class Store(Protocol):
    """One kind of remote place. Each method opens its own connection: none outlives its answer.

    Every method raises OutboxUnusable where the place cannot be reached.
    """

    def address(self, name: str) -> str:
        """Where a file lies, without a secret in it."""

    def send(self, source: Path, name: str) -> None:
        """Bring the bytes there unseen, if the place can hide them. May be repeated."""

    def reveal(self, source: Path, name: str, sha256: str) -> None:
        """The one request that hands the file over. Raises: Unsent if it was provably refused."""

    def look(self, source: Path, name: str, sha256: str) -> Look:
        """What lies there now."""

    def replace(self, name: str, data: bytes) -> None:
        """Put a list of people to drop there whole, in place of an older one."""

    def forget(self, name: str) -> None:
        """Remove bytes that were sent and never revealed."""


@dataclass(frozen=True)
class RemoteFolder(LocalFolder):
    """A local folder for staging, manifests and lock, and the store the files leave to."""

    store: Store
    # The mark is on the disk before the request leaves, so that a power cut undoes neither.
    forgets_with_power: ClassVar[bool] = False
    is_remote: ClassVar[bool] = True

    def address(self, name: str) -> str:
        """Where a handed-over file lies, as a person would look for it."""
        return self.store.address(name)

    def make_ready(self, names: Iterable[str]) -> None:
        """Send the bytes unseen, so that one short request is left after the last look."""
        self._forget_left()
        for name in names:
            if not self._mark(name).exists():
                self.store.send(self._staged(name), name)

    def hand_over(self, name: str, sha256: str) -> None:
        """Reveal the file there, once. The staged copy goes when it is known to have arrived.

        Raises: InDoubt if a mailer may have taken it; OutboxUnusable if it can be tried again.
        """
        source, mark = self._staged(name), self._mark(name)
        if self.staged_sha256(name) != sha256:
            raise InDoubt("the staged file was changed")
        found = self.store.look(source, name, sha256)
        if mark.exists():
            self._refuse_doubt(name, found)
        else:
            if found in (Look.THERE, Look.OTHER):
                raise InDoubt(f"{self.address(name)} lies there and was never asked for by us")
            if found is Look.ABSENT:
                self.store.send(source, name)
            self._write(mark)
        if found is not Look.THERE:
            self._reveal(name, sha256)
        source.unlink()
        mark.unlink()
        self.sync()

    def discard(self, name: str) -> None:
        """Remove a staged file that will not be handed over, and its bytes at the place.

        Where the place does not answer, the next hand-over removes them.
        """
        if self._staged(name).exists():
            self._write(self._left(name))
        super().discard(name)
        self._mark(name).unlink(missing_ok=True)

    def place(self, name: str, data: bytes) -> None:
        """Put a list of people to drop there whole; a newer one replaces an older."""
        self.store.replace(name, data)

    def staged_of(self, stem: str) -> tuple[str, ...]:
        """Names of the staged files of one batch and revision, without the marks beside them."""
        return tuple(n for n in super().staged_of(stem) if not n.endswith(MARKS))

    def _reveal(self, name: str, sha256: str) -> None:
        source = self._staged(name)
        try:
            self.store.reveal(source, name, sha256)
        except Unsent:
            self._mark(name).unlink()
            raise
        except (OSError, OutboxUnusable) as error:
            found = self.store.look(source, name, sha256)
            self._refuse_doubt(name, found)
            if found is Look.HIDDEN:
                raise OutboxUnusable(
                    f"{self.address(name)} could not be revealed ({type(error).__name__}); it "
                    "lies there unseen and is tried again by the next export"
                ) from error

    def _refuse_doubt(self, name: str, found: Look) -> None:
        if found in (Look.ABSENT, Look.OTHER):
            raise InDoubt(
                f"{self.address(name)} was asked for and no answer came; now {found.value}: look "
                "into the mailer, then decide"
            )

    def _forget_left(self) -> None:
        for left in sorted(self.staging.glob("*.left")):
            self.store.forget(left.name.removesuffix(".left"))
            left.unlink()

    def _mark(self, name: str) -> Path:
        return self._staged(f"{name}.asked")

    def _left(self, name: str) -> Path:
        return self._staged(f"{name}.left")

    def _write(self, mark: Path) -> None:
        handle = os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.fsync(handle)
        os.close(handle)
        self.sync()
