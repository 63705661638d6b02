"""What a process does to the disk and to its databases, told one effect at a time.

The exporter knows nothing of it: Python's own audit events, the calls of `os` and the commits of
SQLAlchemy are watched from beside, so that a process can be stopped at any of them.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultDialect

STATES: Final = frozenset({
    "CLAIMED", "SEALED", "HANDING_OFF", "DELIVERED", "ACKED", "HOLD", "VOID", "EXPIRED",
})  # fmt: skip

# Eleven places of a hand-over: the effect that is about to happen when the process is killed.
POINTS: Final = {
    "the claims are written and not committed": r"commit CLAIMED",
    "the claims are committed": r"committed CLAIMED",
    "the staged file is empty": r"opened outbox/\w+/\.staging/[^.]+\.csv",
    "the staged file is not on the disk": r"fsync outbox/\w+/\.staging/[^.]+\.csv",
    "the manifest is half": r"replace outbox/\w+/manifests/.+\.json\.tmp",
    "the seal is not committed": r"commit CLAIMED\+SEALED",
    "the seal is committed": r"committed CLAIMED\+SEALED",
    "the intent is not committed": r"commit HANDING_OFF\+SEALED",
    "the intent is committed": r"rename outbox/\w+/\.staging/[^.]+\.csv",
    "the file is out and not on the disk": r"fsync outbox/\w+",
    "the delivery is not committed": r"commit DELIVERED\+HANDING_OFF",
}
# Of them, those at which the process holds no transaction: others can write meanwhile.
BETWEEN: Final = (
    "the claims are committed", "the seal is committed", "the intent is committed",
    "the file is out and not on the disk",
)  # fmt: skip


# Who is told of what happens in this process; an audit hook can never be taken away again.
_LISTENERS: Final[list[Callable[[str, object], None]]] = []
_CALLS: Final = ("fsync", "rename", "replace", "unlink", "mkdir")


@contextmanager
def watching(home: Path, tell: Callable[[str], None]) -> Iterator[None]:
    """Inside, every effect below `home` is told, before or after it happens as it is named.

    `opened`: empty so far. `open`, `fsync`, `rename`, `replace`, `unlink`, `mkdir`, `commit`: about
    to happen; the same with `-done`, and `committed`: has happened. Commits that write name the
    states their transaction bound, or else its tables.
    """
    at_home = re.compile(re.escape(str(home)) + "/(.+)")

    def told(what: str, where: object) -> None:
        path = Path(f"/proc/self/fd/{where}").readlink() if isinstance(where, int) else where
        found = at_home.fullmatch(str(path))
        if found:
            tell(f"{what} {found[1]}")

    if not _LISTENERS:
        sys.addaudithook(_audit)
    with ExitStack() as stack:
        stack.enter_context(_listening(told))
        for name in _CALLS:
            stack.enter_context(_wrapped(name, told))
        stack.enter_context(_commits(tell))
        yield


@contextmanager
def _listening(told: Callable[[str, object], None]) -> Iterator[None]:
    _LISTENERS.append(told)
    try:
        yield
    finally:
        _LISTENERS.remove(told)


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _LISTENERS and re.search("[wa+]", arguments[1] or ""):
        for told in [*_LISTENERS]:
            told("opened" if isinstance(arguments[0], int) else "open", arguments[0])


@contextmanager
def _wrapped(name: str, told: Callable[[str, object], None]) -> Iterator[None]:
    real = getattr(os, name)

    def call(where: object, *rest: object, **more: object) -> None:
        told(name, where)
        real(where, *rest, **more)
        told(f"{name}-done", where)

    setattr(os, name, call)
    try:
        yield
    finally:
        setattr(os, name, real)


@contextmanager
def _commits(tell: Callable[[str], None]) -> Iterator[None]:
    bound: set[str] = set()
    written: set[str] = set()
    real = DefaultDialect.do_commit

    def remember(
        _connection: object, _cursor: object, statement: str, parameters: Any, *_rest: object
    ) -> None:
        verb, *words = statement.lower().split()[:3]
        if verb not in ("insert", "update", "delete"):
            return
        written.add(words[0] if verb == "update" else words[1])
        for row in parameters if isinstance(parameters, list) else [parameters]:
            values = row.values() if isinstance(row, dict) else row or ()
            bound.update(STATES & {v for v in values if isinstance(v, str)})

    def commit(self: DefaultDialect, connection: Any) -> None:
        what = "+".join(sorted(bound) or sorted(written))
        bound.clear()
        written.clear()
        if what:
            tell(f"commit {what}")
        real(self, connection)
        if what:
            tell(f"committed {what}")

    sa.event.listen(sa.Engine, "before_cursor_execute", remember)
    DefaultDialect.do_commit = commit  # type: ignore[method-assign]
    try:
        yield
    finally:
        DefaultDialect.do_commit = real  # type: ignore[method-assign]
        sa.event.remove(sa.Engine, "before_cursor_execute", remember)
