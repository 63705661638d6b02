"""What a request, its masked plan and its history are made of, and where a request may move."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

# Ids become parts of file names: nothing in them may leave a folder.
ID_PATTERN: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}", re.ASCII)

OPEN: Final = ("open", "deferred")
# What a request may become from where it is; a finished one never moves again.
MOVES: Final[dict[str, frozenset[str]]] = {
    "open": frozenset({"running", "cancelled"}),
    "deferred": frozenset({"running", "cancelled"}),
    "waiting_for_approval": frozenset({"open", "cancelled"}),
    "running": frozenset(
        {"open", "running", "planned", "done", "deferred", "hold", "failed", "waiting_for_approval"}
    ),
    "failed": frozenset({"running", "cancelled"}),
    "hold": frozenset({"running", "done", "cancelled"}),
    "planned": frozenset(),
    "done": frozenset(),
    "cancelled": frozenset(),
}

# Nothing of these has left; a batch of theirs may wait in the ledger.
CANCELLABLE: Final = ("open", "deferred", "waiting_for_approval", "failed")


class BadRequest(ValueError):
    """A request that cannot be written down, with what to write instead."""


class BadMove(RuntimeError):
    """A request that would move where no request may."""


@dataclass(frozen=True)
class Request:
    """One wish to hand a segment over. `slot` is the schedule's tick, else the request's own id.

    Of a saved segment it names the version and, where one was given, the newsletter's issue.
    """

    request_id: str
    shop_id: str
    segment: str
    destination: str
    slot: str
    as_of: str | None
    dry_run: bool
    max_rows: int | None
    request_state: str
    reason: str | None
    requested_by: str
    approved_by: str | None
    requested_at: datetime
    not_before: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    attempt_count: int
    outcome: Mapping[str, object] | None
    segment_version: int | None = None
    issue: str | None = None


@dataclass(frozen=True)
class MaskedPlan:
    """What one program of a request would do: counts by reason, ten masked rows, the difference."""

    program: str
    counts: Mapping[str, int]
    sample: Sequence[Mapping[str, str]]
    difference: Mapping[str, int]
    snapshot_id: str
    # Of a campaign with coupons: what the pool holds and how many the plan would take.
    coupons: Mapping[str, object] | None = None


@dataclass(frozen=True)
class RequestEvent:
    """One line of a request's history."""

    request_id: str
    event: str
    actor: str
    role: str
    origin: str
    detail: str | None
    happened_at: datetime


def checked_id(value: str, *, what: str) -> str:
    """The id itself. Raises: BadRequest if it could not stand in a file name."""
    if not ID_PATTERN.fullmatch(value):
        raise BadRequest(
            f"{what} {value[:80]!r} is no id; use 1 to 63 of a-z 0-9 _ - beginning with a-z or 0-9"
        )
    return value
