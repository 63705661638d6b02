"""One person: every look at them, written down for good, and the wish to write to them no more."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from pipelines import state
from pipelines.actors import Actor, Role
from pipelines.settings import Home

FoundBy = Literal["member", "order", "email"]


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
    """Somebody stopped one person by hand. `done_at` is empty until the exporter has done it."""

    shop_id: str
    person_id: str
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
    table = state.person_blocks
    with state.writing(state.requests_engine(home)) as connection:
        found = _blocks(connection, shop_id, table.c.person_id == person_id)
        if found:
            return found[0]
        row = {
            "shop_id": shop_id, "person_id": person_id, "actor": by.name, "role": str(by.role),
            "origin": str(by.origin), "asked_at": at, "done_at": None,
        }  # fmt: skip
        connection.execute(table.insert().values(row))
    return Block(shop_id, person_id, by.name, at, None)


def block_of(home: Home, shop_id: str, person_id: str) -> Block | None:
    """What was asked for this person, if anything was."""
    with state.reading(state.requests_engine(home)) as connection:
        found = _blocks(connection, shop_id, state.person_blocks.c.person_id == person_id)
    return found[0] if found else None


def open_blocks(home: Home, shop_id: str) -> list[Block]:
    """Blocks the exporter has not carried out yet, oldest first."""
    with state.reading(state.requests_engine(home)) as connection:
        return _blocks(connection, shop_id, state.person_blocks.c.done_at.is_(None))


def blocks_done(home: Home, blocks: Sequence[Block], *, at: datetime) -> None:
    """Write down that the exporter carried these out."""
    table = state.person_blocks
    with state.writing(state.requests_engine(home)) as connection:
        for one in blocks:
            mine = (table.c.shop_id == one.shop_id) & (table.c.person_id == one.person_id)
            connection.execute(table.update().where(mine).values(done_at=at))


def _blocks(connection: sa.Connection, shop_id: str, where: sa.ColumnElement[bool]) -> list[Block]:
    table = state.person_blocks
    query = (
        sa.select(table)
        .where((table.c.shop_id == shop_id) & where)
        .order_by(table.c.asked_at, table.c.person_id)
    )
    rows = connection.execute(query).mappings().all()
    return [Block(**{f.name: row[f.name] for f in fields(Block)}) for row in rows]
