"""What a screen, the terminal or a schedule may ask for: rows of `requests.db`, nothing else.

Nothing is handed over here: a sensor turns each open row into a run, and the exporter writes back
what became of it. A screen therefore shows the request's own state, never its own optimism.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from pipelines import state
from pipelines.settings import Home

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


def checked_id(value: str, *, what: str) -> str:
    """The id itself. Raises: BadRequest if it could not stand in a file name."""
    if not ID_PATTERN.fullmatch(value):
        raise BadRequest(
            f"{what} {value[:80]!r} is no id; use 1 to 63 of a-z 0-9 _ - beginning with a-z or 0-9"
        )
    return value


def create(
    home: Home,
    shop_id: str,
    *,
    segment: str,
    destination: str,
    requested_by: str,
    requested_at: datetime,
    dry_run: bool = True,
    as_of: str | None = None,
    max_rows: int | None = None,
    slot: str | None = None,
    segment_version: int | None = None,
    issue: str | None = None,
) -> str:
    """Id of the new request, or of the one its slot already has.

    Raises: BadRequest for an id that is none or a `max_rows` below one.
    """
    named = {"segment": segment, "destination": destination, "slot": slot, "issue": issue}
    for what, value in named.items():
        if value is not None:
            checked_id(value, what=what)
    if max_rows is not None and max_rows < 1:
        raise BadRequest(f"max_rows is {max_rows}; give at least 1, or leave it out")
    request_id = f"req-{secrets.token_hex(8)}"
    row = {
        "request_id": request_id, "shop_id": shop_id, "segment": segment,
        "destination": destination, "slot": slot or request_id, "as_of": as_of,
        "dry_run": dry_run, "max_rows": max_rows, "request_state": "open",
        "requested_by": requested_by, "requested_at": requested_at, "attempt_count": 0,
        "segment_version": segment_version, "issue": issue,
    }  # fmt: skip
    with state.writing(state.requests_engine(home)) as connection:
        found = None if slot is None else _asked_already(connection, row)
        if found is None:
            connection.execute(state.export_requests.insert().values(row))
    return found or request_id


def _asked_already(connection: sa.Connection, row: Mapping[str, object]) -> str | None:
    # A schedule that ticks twice asks once.
    table = state.export_requests
    names = ("shop_id", "segment", "destination", "slot", "dry_run")
    same = [table.c[name] == row[name] for name in names]
    found: str | None = connection.execute(sa.select(table.c.request_id).where(*same)).scalar()
    return found


def read(home: Home, request_id: str) -> Request:
    """One request. Raises: BadRequest if there is none of that id."""
    found = _select(home, state.export_requests.c.request_id == request_id)
    if not found:
        raise BadRequest(f"there is no request {request_id[:80]!r}; list them first")
    return found[0]


def all_of(home: Home, shop_id: str) -> list[Request]:
    """Every request of the shop, newest first."""
    return _select(home, state.export_requests.c.shop_id == shop_id)[::-1]


def open_of(home: Home, *, now: datetime) -> list[Request]:
    """Requests that wait for a run now, oldest first; deferred ones once their time has come."""
    table = state.export_requests
    return _select(
        home,
        table.c.request_state.in_(OPEN)
        & (table.c.not_before.is_(None) | (table.c.not_before <= now)),
    )


def reopen_running(home: Home, shop_id: str, destination: str, *, at: datetime) -> list[str]:
    """Ids of requests whose run died, now open again.

    Invariant: the caller holds the destination's lock, so none of them is being handed over.
    """
    table = state.export_requests
    mine = (table.c.shop_id == shop_id) & (table.c.destination == destination)
    found = _select(home, mine & (table.c.request_state == "running"))
    for request in found:
        move(home, request.request_id, to="open", at=at, reason="its run died")
    return [request.request_id for request in found]


def _select(home: Home, where: sa.ColumnElement[bool]) -> list[Request]:
    table = state.export_requests
    query = sa.select(table).where(where).order_by(table.c.requested_at, table.c.request_id)
    with state.reading(state.requests_engine(home)) as connection:
        rows = connection.execute(query).mappings().all()
    return [Request(**{f.name: row[f.name] for f in fields(Request)}) for row in rows]


def move(
    home: Home,
    request_id: str,
    *,
    to: str,
    at: datetime,
    reason: str | None = None,
    not_before: datetime | None = None,
    outcome: Mapping[str, object] | None = None,
) -> None:
    """Change a request's state. Raises: BadMove if it may not go there from where it is."""
    table = state.export_requests
    with state.writing(state.requests_engine(home)) as connection:
        row = connection.execute(
            sa.select(table.c.request_state, table.c.attempt_count).where(
                table.c.request_id == request_id
            )
        ).one_or_none()
        if row is None:
            raise BadRequest(f"there is no request {request_id[:80]!r}; list them first")
        if to not in MOVES[row.request_state]:
            raise BadMove(f"request {request_id} is {row.request_state} and cannot become {to}")
        values: dict[str, object] = {
            "request_state": to, "reason": reason, "not_before": not_before
        }  # fmt: skip
        if to == "running":
            values |= {"started_at": at, "attempt_count": row.attempt_count + 1}
        else:
            values |= {"finished_at": at, "outcome": outcome}
        connection.execute(table.update().where(table.c.request_id == request_id).values(values))


def approve(home: Home, request_id: str, *, approved_by: str, at: datetime) -> None:
    """Release a request that waits for a second person.

    Raises: BadRequest for the same one; BadMove for a request that waits for nobody.
    """
    found = read(home, request_id)
    if found.request_state != "waiting_for_approval":
        raise BadMove(f"request {request_id} is {found.request_state}; nothing waits for approval")
    if found.requested_by == approved_by:
        raise BadRequest("the person who asked cannot approve; a second one has to")
    move(home, request_id, to="open", at=at)
    table = state.export_requests
    with state.writing(state.requests_engine(home)) as connection:
        connection.execute(
            table.update().where(table.c.request_id == request_id).values(approved_by=approved_by)
        )


def save_plans(
    home: Home, request_id: str, found: Sequence[MaskedPlan], *, planned_at: datetime
) -> None:
    """Write down what a run would do, in place of an earlier plan of the request."""
    table = state.plans
    with state.writing(state.requests_engine(home)) as connection:
        connection.execute(table.delete().where(table.c.request_id == request_id))
        for plan in found:
            connection.execute(
                table.insert().values(
                    request_id=request_id,
                    program=plan.program,
                    counts=dict(plan.counts),
                    sample=[dict(row) for row in plan.sample],
                    difference=dict(plan.difference),
                    snapshot_id=plan.snapshot_id,
                    planned_at=planned_at,
                )
            )


def plans_of(home: Home, request_id: str) -> list[MaskedPlan]:
    """The plans of one request, by program."""
    table = state.plans
    query = sa.select(table).where(table.c.request_id == request_id).order_by(table.c.program)
    with state.reading(state.requests_engine(home)) as connection:
        rows = connection.execute(query).mappings().all()
    return [MaskedPlan(**{f.name: row[f.name] for f in fields(MaskedPlan)}) for row in rows]
