"""The hand-over log: what of whose left for where, on which grounds, asked and released by whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipelines import requests, state
from pipelines.actors import Actor
from pipelines.exports import ledger
from pipelines.settings import Home
from pipelines.shop import Shop
from pipelines.state import batch


@dataclass(frozen=True)
class Disclosure:
    """One batch that left. The grounds are those that stood in `shop.yml` when it was claimed."""

    batch_id: str
    program: str
    destination: str
    profile: str
    country: str | None
    contract: str | None
    basis: str | None
    purpose: str | None
    columns: Sequence[str]
    persons: int
    file: str | None
    sha256: str | None
    handed_over_at: datetime | None
    asked_by: str | None
    released_by: str | None


def disclosures(home: Home, shop: Shop) -> list[Disclosure]:
    """Every batch of the shop that was handed over, oldest first."""
    asked = {(r.segment, r.destination, r.slot): r for r in _sent(home, shop)}
    with state.reading(state.ledger_engine(home)) as connection:
        rows = ledger.batches(
            connection, batch.c.shop_id == shop.id, batch.c.state.in_(ledger.HANDED)
        )
    found = []
    for row in rows:
        mine = asked.get((row.segment, row.destination, row.slot))
        grounds: Mapping[str, Any] = row.layout.get("disclosure") or {}
        found.append(
            Disclosure(
                batch_id=row.batch_id, program=row.program, destination=row.destination,
                profile=row.profile, country=grounds.get("country"),
                contract=grounds.get("contract"), basis=grounds.get("basis"),
                purpose=grounds.get("purpose"), columns=tuple(grounds.get("columns", ())),
                persons=row.nrows or 0, file=row.fname, sha256=row.sha256,
                handed_over_at=row.intent_at,
                asked_by=None if mine is None else mine.requested_by,
                released_by=None if mine is None else mine.approved_by,
            )
        )  # fmt: skip
    return found


def type_totals(
    home: Home, shop: Shop, batch_id: str, counts: Mapping[str, int], *, by: Actor, now: datetime
) -> None:
    """Write down what a person read off the mailer's screen about a batch that left.

    Raises: UnknownBatch; BadRequest for a batch that never left, or counts that cannot be.
    """
    with state.reading(state.ledger_engine(home)) as connection:
        row = ledger.one(connection, batch_id)
    if row.state not in ledger.HANDED:
        raise requests.BadRequest(f"{batch_id} is {row.state}: only what left has totals")
    requests.type_totals(home, shop.id, batch_id, counts, by=by, at=now)


def _sent(home: Home, shop: Shop) -> list[requests.Request]:
    return [request for request in requests.all_of(home, shop.id) if not request.dry_run]
