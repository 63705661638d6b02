"""Rows of `export_requests`: asked, moved, released, cancelled, each with its line of history."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from pipelines import state
from pipelines.actors import EXPORTER, LOOPBACK, Actor, NotAllowed, Role
from pipelines.requests.model import (
    MOVES,
    OPEN,
    BadMove,
    BadRequest,
    Request,
    RequestEvent,
    checked_id,
)
from pipelines.settings import Home


def create(
    home: Home,
    shop_id: str,
    *,
    segment: str,
    destination: str,
    requested_by: Actor,
    requested_at: datetime,
    dry_run: bool = True,
    as_of: str | None = None,
    max_rows: int | None = None,
    slot: str | None = None,
    segment_version: int | None = None,
    issue: str | None = None,
) -> str:
    """Id of the new request, or of the one its slot already has.

    The screens' function as well: the role is checked here, not on a page. Raises: NotAllowed;
    BadRequest for an id that is none or a `max_rows` below one.
    """
    requested_by.must_be(Role.EXPORTER, to="ask for a hand-off")
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
        "requested_by": requested_by.name, "requested_at": requested_at, "attempt_count": 0,
        "segment_version": segment_version, "issue": issue,
    }  # fmt: skip
    return _insert(home, row, by=requested_by, at=requested_at, once=slot is not None)


def _insert(home: Home, row: Mapping[str, object], *, by: Actor, at: datetime, once: bool) -> str:
    request_id = str(row["request_id"])
    with state.writing(state.requests_engine(home)) as connection:
        found = _asked_already(connection, row) if once else None
        if found is None:
            connection.execute(state.export_requests.insert().values(row))
            what = f"{row['segment']} to {row['destination']}"
            said = f"dry run of {what}" if row["dry_run"] else what
            _note(connection, request_id, "asked", by=by, at=at, detail=said)
    return found or request_id


def _note(
    connection: sa.Connection,
    request_id: str,
    event: str,
    *,
    by: Actor,
    at: datetime,
    detail: str | None = None,
) -> None:
    connection.execute(
        state.request_events.insert().values(
            request_id=request_id, event=event, actor=by.name, role=str(by.role),
            origin=str(by.origin), detail=detail, happened_at=at,
        )
    )  # fmt: skip


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
    by: Actor = EXPORTER,
    event: str | None = None,
    **more: object,
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
        values |= more
        connection.execute(table.update().where(table.c.request_id == request_id).values(values))
        _note(connection, request_id, event or to, by=by, at=at, detail=reason)


def tell_recalls(
    home: Home, shop_id: str, recalls: Sequence[Mapping[str, str]], *, at: datetime
) -> None:
    """The requests whose batches these recall files follow say so. Each has a `batch_id`."""
    table = state.export_requests
    for request in all_of(home, shop_id) if recalls else ():
        said: Mapping[str, Any] = request.outcome or {}
        mine = [one for one in recalls if one["batch_id"] in said.get("batches", ())]
        if not mine or mine == said.get("recalls"):
            continue
        with state.writing(state.requests_engine(home)) as connection:
            this = table.c.request_id == request.request_id
            connection.execute(table.update().where(this).values(outcome={**said, "recalls": mine}))
            _note(connection, request.request_id, "recalled", by=EXPORTER, at=at)


def release(home: Home, request_id: str, *, by: Actor, at: datetime) -> str:
    """Id of the request that may leave now: one that waited for a second person, else a plan's own.

    A dry run that was looked at becomes a hand-off under its own id as slot, so that releasing it
    twice asks once. Raises: NotAllowed, also where a second person has to and one of the two is not
    known; BadRequest for the person who asked; BadMove for a request nobody waits for.
    """
    by.must_be(Role.EXPORTER, to="release a hand-off")
    found = read(home, request_id)
    if found.request_state == "planned":
        return _release_plan(home, found, by=by, at=at)
    if found.request_state != "waiting_for_approval":
        raise BadMove(f"request {request_id} is {found.request_state}; nothing waits for a release")
    if not by.is_known or found.requested_by == LOOPBACK:
        raise NotAllowed(
            "a second person has to release it, and without a login nobody knows who asks or "
            "releases: log in and ask again, or do both at the terminal, okaeri exports request "
            "and, by somebody else, okaeri exports release"
        )
    if found.requested_by == by.name:
        raise BadRequest(
            "the person who asked cannot release it; a second one has to: okaeri exports release "
            f"{request_id}"
        )
    move(home, request_id, to="open", at=at, by=by, event="released", approved_by=by.name)
    return request_id


def _release_plan(home: Home, plan: Request, *, by: Actor, at: datetime) -> str:
    row = {f.name: getattr(plan, f.name) for f in fields(Request)} | {
        "request_id": f"req-{secrets.token_hex(8)}", "slot": plan.request_id, "dry_run": False,
        "request_state": "open", "reason": None, "requested_at": at, "not_before": None,
        "started_at": None, "finished_at": None, "attempt_count": 0, "outcome": None,
        # Who looked at somebody else's plan is the second person, where both are known.
        "approved_by": by.name if _are_two(plan.requested_by, by) else None,
    }  # fmt: skip
    return _insert(home, row, by=by, at=at, once=True)


def _are_two(asked_by: str, by: Actor) -> bool:
    return by.is_known and asked_by not in (LOOPBACK, by.name)


def cancel(home: Home, request_id: str, *, by: Actor, at: datetime) -> None:
    """Take a request back that has not handed anything over. Raises: NotAllowed; BadMove."""
    by.must_be(Role.EXPORTER, to="cancel a request")
    found = read(home, request_id)
    if found.request_state == "hold":
        raise BadMove(
            f"request {request_id} has a batch on HOLD: decide it first, okaeri exports hold"
        )
    move(home, request_id, to="cancelled", at=at, by=by)


def events_of(home: Home, request_id: str) -> list[RequestEvent]:
    """What became of a request, in the order it happened."""
    table = state.request_events
    query = sa.select(table).where(table.c.request_id == request_id).order_by(table.c.event_no)
    with state.reading(state.requests_engine(home)) as connection:
        rows = connection.execute(query).mappings().all()
    return [RequestEvent(**{f.name: row[f.name] for f in fields(RequestEvent)}) for row in rows]
