"""What a mailer does: takes every file it can see, at once, and deletes it from the outbox.

Run as a process of its own it does so all the time, and keeps every byte it ever saw: whatever is
claimed about hand-overs is counted from those bytes.
"""

import hashlib
import re
import select
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
# An address in whatever form a profile writes it.
ADDRESS: Final = re.compile(rb"[a-z0-9]+@example\.jp")
AMENDMENTS: Final = (".removed.csv", ".suppress.csv")
_EVERY_SECONDS: Final = 0.002


@dataclass
class Mailer:
    """Watches outboxes. Remembers what it took, byte for byte."""

    outboxes: tuple[Path, ...]
    taken: list[tuple[str, bytes]] = field(default_factory=list)

    def poll(self) -> None:
        for outbox in self.outboxes:
            for path in sorted(outbox.glob("[!.]*.*")):
                self.taken.append((path.name, path.read_bytes()))
                path.unlink()

    @property
    def messages(self) -> Counter[str]:
        """How often each address was handed over."""
        return self._addresses(is_amendment=False)

    @property
    def recalled(self) -> Counter[str]:
        """How often each address was on a list of people to drop."""
        return self._addresses(is_amendment=True)

    @property
    def sha256(self) -> dict[str, str]:
        """Digest of each file of messages by its name. Raises: AssertionError for a name twice."""
        files = [(name, data) for name, data in self.taken if not name.endswith(AMENDMENTS)]
        assert len({name for name, _ in files}) == len(files), "a file was handed over twice"
        return {name: hashlib.sha256(data).hexdigest() for name, data in files}

    def _addresses(self, *, is_amendment: bool) -> Counter[str]:
        found: Counter[str] = Counter()
        for name, data in self.taken:
            if name.endswith(AMENDMENTS) == is_amendment:
                found.update(address.decode() for address in ADDRESS.findall(data))
        return found


@dataclass
class MailerProcess:
    """A mailer that takes files all the time; `seen` is what it has kept up to now."""

    process: subprocess.Popen[str]
    store: Path

    def seen(self) -> Mailer:
        """Everything it ever took, once it has looked again."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("look\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "looked\n"
        kept = [(path.name[7:], path.read_bytes()) for path in sorted(self.store.iterdir())]
        return Mailer((), kept)


@contextmanager
def taking(store: Path, *outboxes: Path) -> Iterator[MailerProcess]:
    """A mailer process at work on these outboxes until the block ends."""
    store.mkdir(parents=True)
    with subprocess.Popen(
        [sys.executable, __file__, str(store), *map(str, outboxes)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        yield MailerProcess(process, store)
        assert process.stdin is not None
        process.stdin.close()


def main(store: Path, *outboxes: Path) -> None:
    """Take files until standard input ends; answer when asked to look."""
    mailer, kept = Mailer(outboxes), 0
    while True:
        asked, _, _ = select.select([sys.stdin], [], [], _EVERY_SECONDS)
        mailer.poll()
        for name, data in mailer.taken[kept:]:
            (store / f"{kept:06}-{name}").write_bytes(data)
            kept += 1
        if asked:
            if not sys.stdin.readline():
                return
            sys.stdout.write("looked\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
