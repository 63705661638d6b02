"""Totals of a batch as a person reads them off the mailer's screen. The newest typed ones count."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from pipelines import state
from pipelines.actors import Actor, Role
from pipelines.requests.model import BadRequest
from pipelines.settings import Home

# What can be typed; each is one count of messages.
TOTALS: Final = ("sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed")


@dataclass(frozen=True)
class Totals:
    """One batch's totals. `counts`: word of `TOTALS` → messages; what nobody typed is missing."""

    shop_id: str
    batch_id: str
    counts: Mapping[str, int]
    actor: str
    typed_at: datetime


def type_totals(
    home: Home, shop_id: str, batch_id: str, counts: Mapping[str, int], *, by: Actor, at: datetime
) -> None:
    """Write down what somebody typed; a later line of the same batch takes its place.

    Raises: NotAllowed; BadRequest for nothing typed, a count below zero, more of what only a sent
    message can become than were sent.
    """
    by.must_be(Role.EXPORTER, to="type totals")
    if not counts:
        raise BadRequest(f"no total was typed; give at least one of: --{', --'.join(TOTALS)}")
    for name, count in counts.items():
        if count < 0:
            raise BadRequest(f"--{name} is {count}; a count is 0 or more")
        above = counts.get("sent")
        if above is not None and count > above:
            raise BadRequest(
                f"--{name} {count} is more than --sent {above}; type counts of messages, each "
                "person once, not of opens or clicks"
            )
    row = {"shop_id": shop_id, "batch_id": batch_id, "counts": dict(counts), "actor": by.name,
           "role": str(by.role), "origin": str(by.origin), "typed_at": at}  # fmt: skip
    with state.writing(state.requests_engine(home)) as connection:
        connection.execute(state.typed_totals.insert().values(row))


def totals_of(home: Home, shop_id: str) -> list[Totals]:
    """The newest typed totals of each batch, by batch."""
    table = state.typed_totals
    query = sa.select(table).where(table.c.shop_id == shop_id).order_by(table.c.totals_no)
    with state.reading(state.requests_engine(home)) as connection:
        rows = connection.execute(query).mappings().all()
    newest = {row["batch_id"]: row for row in rows}
    return [
        Totals(**{f.name: newest[key][f.name] for f in fields(Totals)}) for key in sorted(newest)
    ]
