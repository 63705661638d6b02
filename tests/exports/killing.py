"""Exporters that are killed, a mailer that takes files all the time, and what it then holds."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pipelines import exports
from tests.exports.effects import POINTS
from tests.exports.mailer import ROOT, Mailer, MailerProcess
from tests.exports.shop_files import MACHINE, NOW, Person, SmallShop, people

Wish = tuple[str | None, datetime]


@dataclass
class Child:
    """One exporter process; its parent is the process that forked it."""

    pid: int
    server: "Exporters"
    said: Path

    def is_stopped(self) -> bool:
        """Whether it stopped where it was told to, once it has stopped or ended."""
        answer = self.server.ask(pid=self.pid)
        self.code = answer["code"]
        return bool(answer["stopped"])

    def kill(self) -> None:
        """SIGKILL, from outside."""
        os.kill(self.pid, signal.SIGKILL)

    def go_on(self) -> None:
        """Let a stopped one carry on."""
        os.kill(self.pid, signal.SIGCONT)

    def finish(self) -> dict[str, Any]:
        """States and effects, once it has ended well. Raises: AssertionError with its words."""
        assert not self.is_stopped()
        assert self.code == 0, self.said.read_text() if self.said.exists() else self.code
        found: dict[str, Any] = json.loads(self.said.read_text())
        return found


@dataclass
class Exporters:
    """The warm process that forks exporters."""

    process: subprocess.Popen[str]
    count: int = 0

    def ask(self, **command: object) -> dict[str, Any]:
        """The answer to one command."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def start(
        self,
        shop: SmallShop,
        *wishes: Wish,
        stop: str | None = None,
        nth: int = 1,
        machine: exports.Machine = MACHINE,
        naive: bool = False,
        trouble: Mapping[str, object] | None = None,
    ) -> Child:
        """A child that carries the wishes out in turn and stops at the nth effect that matches.

        A wish is a request's id, or None for the recovery at start, and the instant of its clock.
        `trouble`: what the disk answers at an effect.
        """
        self.count += 1
        folder = shop.home.path.parent
        said = folder / f"said-{self.count}"
        answer = self.ask(
            folder=str(folder), said=str(said), stop=stop, nth=nth, naive=naive,
            trouble=dict(trouble or {}),
            env={name: value for name, value in os.environ.items() if name.startswith("OKAERI_")},
            wishes=[[request_id, at.isoformat()] for request_id, at in wishes],
            machine=[machine.machine_id, machine.boot_id],
        )  # fmt: skip
        return Child(answer["pid"], self, said)

    def troubled(self, shop: SmallShop, wish: Wish, **trouble: object) -> str:
        """What a child says that a disk in trouble keeps from finishing."""
        child = self.start(shop, wish, trouble=trouble)
        assert not child.is_stopped()
        assert child.code == 1, "the trouble was not met"
        return child.said.read_text()

    def killed_at(self, shop: SmallShop, wish: Wish, *, point: str, **more: Any) -> None:
        """Carry a wish out in a process that is killed at one of the named points."""
        child = self.start(shop, wish, stop=POINTS[point], **more)
        assert child.is_stopped(), f"never reached: {point}"
        child.kill()
        assert not child.is_stopped()
        assert child.code == -signal.SIGKILL


@contextmanager
def exporters() -> Iterator[Exporters]:
    """The warm process for as long as the block lasts."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.exports.crash_child"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        yield Exporters(process)
        assert process.stdin is not None
        process.stdin.close()


# Persons of a world who are due at each of its minutes.
SHARE: Final = 3


@dataclass
class World:
    """A shop where every minute a few more persons are due, and the mailer that takes its files."""

    shop: SmallShop
    mailer: MailerProcess
    minute: int = 0

    @property
    def everybody(self) -> set[str]:
        """Addresses of all who were due up to now."""
        return {f"u{n}@example.jp" for n in range(self.minute * SHARE)}

    def next(self, *, destination: str = "mailer") -> Wish:
        """A new request one minute later."""
        self.minute += 1
        return self.same(destination=destination)

    def same(self, *, destination: str = "mailer") -> Wish:
        """A further request of the same minute."""
        return self.shop.ask(destination=destination), NOW + timedelta(minutes=self.minute - 1)

    def seen(self) -> Mailer:
        """What the mailer has taken up to now."""
        return self.mailer.seen()


def due_by_minute(minutes: int) -> list[Person]:
    """`SHARE` persons for each minute, due from it on."""
    return [
        replace(
            person,
            due_at=NOW + timedelta(minutes=number // SHARE),
            valid_until_at=NOW + timedelta(days=2),
        )
        for number, person in enumerate(people(minutes * SHARE))
    ]


def ledger_sha256(shop: SmallShop) -> Mapping[str, str]:
    """What the ledger says of every file it handed over: name → sha256."""
    return {
        row.fname: row.sha256
        for row in exports.batches(shop.home)
        if row.state in ("DELIVERED", "ACKED") and row.fname and row.sha256
    }


def assert_each_once(world: World) -> None:
    """Everybody who was due is in exactly one file, and every file is the ledger's."""
    seen = world.seen()
    assert {a: n for a, n in seen.messages.items() if n > 1} == {}, "handed over twice"
    assert world.everybody - set(seen.messages) == set(), "lost"
    assert seen.sha256 == ledger_sha256(world.shop)
    assert [row.state for row in exports.batches(world.shop.home) if row.state == "HOLD"] == []
