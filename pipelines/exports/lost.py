"""A ledger that was lost together with manifests: nobody knows any more who was written to.

Until a person says from which day on a program may go on, it stands still; whoever qualified before
that day counts as handed over. Never twice over never lost.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from pipelines import requests, state
from pipelines.exports import bulk
from pipelines.exports.errors import WrongMachine
from pipelines.exports.rules import Program
from pipelines.settings import Home
from pipelines.shop import Shop
from pipelines.state import meta, not_before

# In place of a program: the date of every one that has none of its own.
EVERY_PROGRAM: Final = "*"
WHAT_TO_DO: Final = (
    "Find out how far the mailer was served, then run `okaeri exports adopt --not-before DATE`: "
    "whoever qualified before it counts as handed over"
)


def is_lost(connection: sa.Connection) -> bool:
    """Whether hand-overs are missing from the ledger and could not be replayed."""
    return connection.execute(sa.select(meta.c.lost_at)).scalar() is not None


def dates(connection: sa.Connection) -> Mapping[str, datetime]:
    """Program or `*` → the instant before which its people may have been handed over already."""
    found = connection.execute(sa.select(not_before.c.program, not_before.c.not_before_at))
    return {row.program: row.not_before_at for row in found}


def dates_of(shop: Shop, words: Iterable[str]) -> Mapping[str, datetime]:
    """Instants at which these days begin for the shop, by program. Words: `DATE`, `PROGRAM=DATE`.

    Raises: WrongMachine for a word that is neither.
    """
    found: dict[str, datetime] = {}
    for word in words:
        program, _, day = word.rpartition("=")
        try:
            begins = datetime.combine(date.fromisoformat(day), time(), ZoneInfo(shop.timezone))
        except ValueError as error:
            raise WrongMachine(
                f"{word[:80]!r} is no date; give 2026-11-20, or cart_recovery/1/email=2026-11-20"
            ) from error
        found[program or EVERY_PROGRAM] = begins.astimezone(UTC)
    return found


def set_dates(
    connection: sa.Connection, found: Mapping[str, datetime], *, actor: str, now: datetime
) -> None:
    """Write down what a person says; a newer word replaces the older one."""
    for program, at in found.items():
        row = {"program": program, "not_before_at": at, "set_by": actor, "set_at": now}
        insert = bulk.insert_for(connection, not_before).values(row)
        connection.execute(insert.on_conflict_do_update(index_elements=["program"], set_=row))


def refuse_without_any_date(connection: sa.Connection) -> None:
    """Nothing, unless a ledger was lost and nobody said how far it goes. Raises: WrongMachine."""
    if is_lost(connection) and not dates(connection):
        raise WrongMachine(f"people are missing from the ledger. {WHAT_TO_DO}")


def refuse_without_date(connection: sa.Connection, programs: Iterable[str]) -> None:
    """Nothing, unless a ledger was lost and a program has no date to go on from.

    Raises: WrongMachine.
    """
    known = dates(connection)
    missing = sorted(key for key in programs if key not in known)
    if is_lost(connection) and missing and EVERY_PROGRAM not in known:
        raise WrongMachine(
            f"the ledger was lost and nobody said from which day on {missing[0]} may go on: "
            f"okaeri exports adopt --not-before {missing[0]}=DATE"
        )


def reported(home: Home, engine: sa.Engine, *, shop_id: str) -> frozenset[str]:
    """Batches that the shop's requests say were made, since the ledger was adopted."""
    with state.reading(engine) as connection:
        adopted_at = connection.execute(sa.select(meta.c.adopted_at)).scalar()
    found: set[str] = set()
    for asked in requests.all_of(home, shop_id):
        if asked.dry_run:
            continue
        is_older = adopted_at is not None and (asked.finished_at or adopted_at) <= adopted_at
        named = (asked.outcome or {}).get("batches")
        if not is_older and isinstance(named, list):
            found.update(str(batch_id) for batch_id in named)
    return frozenset(found)


def before(connection: sa.Connection, program: Program) -> datetime | None:
    """Instant before which a program's people may have been handed over, by a lost ledger."""
    known = dates(connection)
    return known.get(program.key, known.get(EVERY_PROGRAM))
