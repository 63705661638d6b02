"""Ending a run at a place of it without a process of its own: an exception nothing catches.

What is cleaned up on the way out is cleaned up here, and not by a kill: for tests of what a run
does next. That nothing depends on it, the tests with killed processes show.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.exports.effects import watching

# Names of places, and the effects a run has reached them with.
PLACES: Final = {
    "claim:before_commit": r"commit CLAIMED",
    "claim:done": r"committed CLAIMED",
    "seal:staged": r"opened outbox/\w+/manifests/.+",
    "seal:manifest": r"fsync-done outbox/\w+/manifests",
    "seal:before_commit": r"commit CLAIMED\+SEALED",
    "seal:done": r"committed CLAIMED\+SEALED",
    "intent:before_commit": r"commit HANDING_OFF\+SEALED",
    "intent:done": r"committed HANDING_OFF\+SEALED",
    "rename:done": r"(rename-done outbox/\w+/\.staging/.+|unlink-done outbox/\w+/\.staging/.+\.asked)",
    "rename:synced": r"commit DELIVERED\+HANDING_OFF",
    "delivered:before_commit": r"commit DELIVERED\+HANDING_OFF",
    "delivered:done": r"committed DELIVERED\+HANDING_OFF",
}  # fmt: skip


class Dead(BaseException):
    """The process ends here, seen from inside it."""


def dying_at(place: str, *, times: int = 1) -> Callable[[str], None]:
    """Ends the run when it reaches the place for that time."""
    assert place in PLACES
    left = [times]

    def stop(reached: str) -> None:
        left[0] -= reached == place
        if left[0] == 0:
            raise Dead

    return stop


@contextmanager
def reaching(home: Path, reached: Callable[[str], None] | None) -> Iterator[None]:
    """Inside, `reached` is told the name of each place a run comes to."""
    if reached is None:
        yield
        return

    def tell(effect: str) -> None:
        for place, pattern in PLACES.items():
            if re.fullmatch(pattern, effect):
                reached(place)

    with watching(home, tell):
        yield
