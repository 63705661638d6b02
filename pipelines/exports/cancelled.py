"""Batches whose request somebody took back: given up before anything of them leaves.

A screen cancels a request and knows no ledger, so whoever holds the destination looks for them.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from pipelines import requests, state
from pipelines.exports import ledger
from pipelines.exports.destinations import LocalFolder
from pipelines.exports.ledger import BatchRow
from pipelines.exports.manifests import stem_of
from pipelines.requests import Request
from pipelines.settings import Home
from pipelines.state import batch

_TOO_LATE: Final = "its request was taken back while the file was being handed over"


def give_up_cancelled(
    home: Home,
    engine: sa.Engine,
    outbox: LocalFolder,
    *,
    shop_id: str,
    destination: str,
    now: datetime,
) -> None:
    """Free the people of every batch that no request wants any more.

    Invariant: the caller holds the destination's lock. What may have left waits for a person, who
    finds out whether it has.
    """
    with state.reading(engine) as connection:
        left = ledger.batches(
            connection, batch.c.destination == destination, batch.c.state.in_(ledger.UNFINISHED)
        )
    if not left:
        return
    asked = [one for one in requests.all_of(home, shop_id) if not one.dry_run]
    wanted = {_wish(one) for one in asked if one.request_state != "cancelled"}
    taken_back = {_wish(one) for one in asked} - wanted
    lost = [row for row in left if _wish(row) in taken_back]
    if not lost:
        return
    inside = [row for row in lost if row.state in ledger.INSIDE]
    give_up(engine, outbox, inside, actor="recovery", now=now)
    with state.writing(engine) as connection:
        for row in lost:
            if row.state == ledger.HANDING_OFF:
                ledger.move(
                    connection, row, to=ledger.HOLD, actor="recovery", at=now, reason=_TOO_LATE
                )


def give_up(
    engine: sa.Engine, outbox: LocalFolder, rows: Iterable[BatchRow], *, actor: str, now: datetime
) -> None:
    """Void these batches, free their people and remove what is staged of them."""
    given_up = list(rows)
    with state.writing(engine) as connection:
        for row in given_up:
            ledger.release(connection, row.batch_id, reason="cancelled")
            ledger.move(
                connection, row, to=ledger.VOID, actor=actor, at=now, reason="cancelled", fname=None
            )
    for row in given_up:
        for name in outbox.staged_of(stem_of(row)):
            outbox.discard(name)


def _wish(of: BatchRow | Request) -> tuple[str, str, str]:
    return (of.segment, of.destination, of.slot)
