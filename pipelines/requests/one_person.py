"""One person: every look at them, the wish to write to them no more, and the one to do so again.

Invariant: nothing of it is ever changed. What holds for a person is their newest wish.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final, Literal

import sqlalchemy as sa

from pipelines import state
from pipelines.actors import EXPORTER, Actor, Role
from pipelines.requests.model import BadRequest
from pipelines.settings import Home

FoundBy = Literal["member", "order", "email"]
BLOCK: Final = "block"
LIFT: Final = "lift"
_DONE: Final = "done"
_REASON_CHARS: Final = 200


@dataclass(frozen=True)
class Look:
    """Somebody looked at one person. The person stands here by the pseudonym of the marts."""

    look_no: int
    shop_id: str
    person_id: str
    found_by: str
    actor: str
    role: str
    origin: str
    looked_at: datetime


@dataclass(frozen=True)
class Block:
    """Somebody stopped one person by hand, or lifted it: `wish` is `block` or `lift`.

    `reason` is that of a lift. `done_at` is empty until the exporter has done it.
    """

    wish_no: int
    shop_id: str
    person_id: str
    wish: str
    reason: str | None
    actor: str
    asked_at: datetime
    done_at: datetime | None


def look(
    home: Home, shop_id: str, person_id: str, *, found_by: FoundBy, by: Actor, at: datetime
) -> None:
    """Write a look down: to be called before anything of the person is read. Raises: NotAllowed."""
    by.must_be(Role.EXPORTER, to="look at one person")
    row = {
        "shop_id": shop_id, "person_id": person_id, "found_by": found_by, "actor": by.name,
        "role": str(by.role), "origin": str(by.origin), "looked_at": at,
    }  # fmt: skip
    with state.writing(state.requests_engine(home)) as connection:
        connection.execute(state.looks.insert().values(row))


def looks_of(home: Home, shop_id: str, *, by: Actor, person_id: str | None = None) -> list[Look]:
    """Looks at one person, or at anybody, newest first. Raises: NotAllowed below an admin."""
    by.must_be(Role.ADMIN, to="see who looked at whom")
    table = state.looks
    query = sa.select(table).where(table.c.shop_id == shop_id).order_by(table.c.look_no.desc())
    if person_id is not None:
        query = query.where(table.c.person_id == person_id)
    with state.reading(state.requests_engine(home)) as connection:
        rows = connection.execute(query).mappings().all()
    return [Look(**{f.name: row[f.name] for f in fields(Look)}) for row in rows]


def block(home: Home, shop_id: str, person_id: str, *, by: Actor, at: datetime) -> Block:
    """The wish to write to this person no more; asked twice, the first one. Raises: NotAllowed."""
    by.must_be(Role.EXPORTER, to="stop a person by hand")
    return _wish(home, shop_id, person_id, BLOCK, reason=None, by=by, at=at)


def lift(
    home: Home, shop_id: str, person_id: str, *, reason: str, by: Actor, at: datetime
) -> Block:
    """The wish to end this person's manual stop; asked twice, the first one.

    What the person or the shop's own list said stays. Raises: NotAllowed; BadRequest without a
    reason, or with one too long.
    """
    by.must_be(Role.EXPORTER, to="lift a manual stop")
    said = " ".join(reason.split())
    if not 1 <= len(said) <= _REASON_CHARS:
        raise BadRequest(f"a reason has 1 to {_REASON_CHARS} characters; say why it is lifted")
    return _wish(home, shop_id, person_id, LIFT, reason=said, by=by, at=at)


def block_of(home: Home, shop_id: str, person_id: str) -> Block | None:
    """The newest wish for this person, if there ever was one."""
    return next(iter(blocks_of(home, shop_id, person_id)), None)


def blocks_of(home: Home, shop_id: str, person_id: str) -> list[Block]:
    """Every wish for this person, newest first."""
    with state.reading(state.requests_engine(home)) as connection:
        return _blocks(connection, shop_id, person_id=person_id)[::-1]


def open_blocks(home: Home, shop_id: str) -> list[Block]:
    """Wishes the exporter has not carried out yet, oldest first."""
    with state.reading(state.requests_engine(home)) as connection:
        return [one for one in _blocks(connection, shop_id) if one.done_at is None]


def blocks_done(home: Home, blocks: Sequence[Block], *, at: datetime) -> None:
    """Write down that the exporter carried these out."""
    rows = [
        {
            "shop_id": one.shop_id, "person_id": one.person_id, "event": _DONE,
            "wish_no": one.wish_no, "actor": EXPORTER.name, "role": str(EXPORTER.role),
            "origin": str(EXPORTER.origin), "happened_at": at,
        }
        for one in blocks
    ]  # fmt: skip
    with state.writing(state.requests_engine(home)) as connection:
        connection.execute(state.person_block_events.insert(), rows)


def _wish(
    home: Home,
    shop_id: str,
    person_id: str,
    wish: str,
    *,
    reason: str | None,
    by: Actor,
    at: datetime,
) -> Block:
    row = {
        "shop_id": shop_id, "person_id": person_id, "event": wish, "reason": reason,
        "actor": by.name, "role": str(by.role), "origin": str(by.origin), "happened_at": at,
    }  # fmt: skip
    with state.writing(state.requests_engine(home)) as connection:
        known = _blocks(connection, shop_id, person_id=person_id)
        if known and known[-1].wish == wish:
            return known[-1]
        connection.execute(state.person_block_events.insert().values(row))
        return _blocks(connection, shop_id, person_id=person_id)[-1]


def _blocks(
    connection: sa.Connection, shop_id: str, *, person_id: str | None = None
) -> list[Block]:
    """Wishes of the shop, or of one person, oldest first."""
    table = state.person_block_events
    query = sa.select(table).where(table.c.shop_id == shop_id).order_by(table.c.event_no)
    if person_id is not None:
        query = query.where(table.c.person_id == person_id)
    rows = connection.execute(query).mappings().all()
    done = {row["wish_no"]: row["happened_at"] for row in rows if row["event"] == _DONE}
    return [
        Block(
            row["event_no"], row["shop_id"], row["person_id"], row["event"], row["reason"],
            row["actor"], row["happened_at"], done.get(row["event_no"]),
        )
        for row in rows
        if row["event"] != _DONE
    ]  # fmt: skip
