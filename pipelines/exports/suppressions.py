"""Who may not be written to, carried from landing and mail results into the ledger.

Results can only add: a forged file may stop a mail, never start one.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import polars as pl
import sqlalchemy as sa

from pipelines import keys, state
from pipelines.canonical import CHANNELS
from pipelines.exports import ledger
from pipelines.exports.errors import NoAddress
from pipelines.settings import Home
from pipelines.shop import Shop, pepper_of
from pipelines.state import batch, claim, suppression

_REASON_OF_EVENT: Final = {
    "hard_bounce": "hard_bounce", "complaint": "complaint", "unsubscribe": "unsubscribe",
}  # fmt: skip
_CHUNK: Final = 900


def import_suppressions(home: Home, shop: Shop, rows: pl.DataFrame) -> int:
    """Number of new or changed suppressions taken over from landed `suppressions`.

    Shape: `channel`, `reason`, `started_at`, and `email_hash` or `customer_id`; `scope` and
    `ended_at` if there. Units: instants UTC.
    """
    pepper = pepper_of(shop, home)
    found = []
    for row in rows.iter_rows(named=True):
        customer = row.get("customer_id")
        person = None if customer is None else keys.person_key(str(customer), pepper=pepper)
        mine = [key for key in (row.get("email_hash"), person) if key is not None]
        found += [_row(key, row, source="landing") for key in mine]
    return _write(state.ledger_engine(home), found)


def import_mail_events(home: Home, rows: pl.DataFrame, *, now: datetime) -> int:
    """Number of new or changed suppressions out of landed `mail_events`.

    A hard bounce, complaint or unsubscribe stops its address; any result acknowledges its batch.
    """
    engine = state.ledger_engine(home)
    # Opens and clicks are most of a shop's rows and stop nobody.
    events = rows.filter(pl.col("event_type").is_in(list(_REASON_OF_EVENT))).to_dicts()
    with state.reading(engine) as connection:
        people = _people_of(connection, {row["recipient_token"] for row in events} - {None})
    found = []
    for row in events:
        mine = people.get(str(row.get("recipient_token")), ())
        for key in {row.get("email_hash"), *mine} - {None}:
            given = {
                "channel": "email", "reason": _REASON_OF_EVENT[row["event_type"]],
                "scope": "global", "started_at": row["occurred_at"], "ended_at": None,
            }  # fmt: skip
            found.append(_row(str(key), given, source="mail_events"))
    _acknowledge(engine, rows["recipient_token"].drop_nulls().unique(), now=now)
    return _write(engine, found)


def suppress(home: Home, shop: Shop, *, email: str, reason: str, by: str, now: datetime) -> int:
    """Number of channels on which an address is newly stopped by hand.

    Raises: NoAddress for a text that no address could be: it would stop nobody, silently.
    """
    key = keys.email_hash(email, pepper=pepper_of(shop, home))
    if key is None or "@" not in (keys.email_key(email) or ""):
        raise NoAddress("that is no e-mail address; give it as name@example.com")
    rows = [
        _row(
            key,
            {"channel": channel, "reason": reason, "started_at": now, "ended_at": None},
            source=f"operator:{by}",
        )
        for channel in CHANNELS
    ]
    return _write(state.ledger_engine(home), rows)


def _row(key: str, row: Mapping[str, Any], *, source: str) -> dict[str, object]:
    return {
        "key": key, "channel": row["channel"], "scope": row.get("scope") or "global",
        "reason": row["reason"], "source": source, "started_at": _aware(row["started_at"]),
        "ended_at": _aware(row.get("ended_at")),
    }  # fmt: skip


def _aware(value: datetime | None) -> datetime | None:
    return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


def _write(engine: sa.Engine, rows: list[dict[str, object]]) -> int:
    if not rows:
        return 0
    names = ("key", "channel", "scope", "reason")
    with state.writing(engine) as connection:
        known = {
            tuple(row[name] for name in names): row
            for row in connection.execute(sa.select(suppression)).mappings()
        }
        fresh: dict[tuple[object, ...], dict[str, object]] = {}
        for row in rows:
            place = tuple(row[name] for name in names)
            old = known.get(place)
            if old is None or (old["ended_at"], old["started_at"]) != (
                row["ended_at"], row["started_at"]
            ):  # fmt: skip
                fresh[place] = row
        if fresh:
            insert = ledger.insert_for(connection, suppression)
            set_ = {n: insert.excluded[n] for n in ("source", "started_at", "ended_at")}
            connection.execute(
                insert.on_conflict_do_update(index_elements=list(names), set_=set_),
                list(fresh.values()),
            )
    return len(fresh)


def _people_of(connection: sa.Connection, tokens: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    every = sorted(tokens)
    for start in range(0, len(every), _CHUNK):
        query = sa.select(claim).where(claim.c.recipient_token.in_(every[start : start + _CHUNK]))
        for row in connection.execute(query):
            mine = (row.person_key, row.email_hash)
            found[row.recipient_token] = tuple(key for key in mine if key is not None)
    return found


def _acknowledge(engine: sa.Engine, tokens: pl.Series, *, now: datetime) -> None:
    handed_over = sa.select(batch.c.batch_id).where(batch.c.state == ledger.DELIVERED)
    waiting = sa.select(claim.c.batch_id, claim.c.recipient_token).where(
        claim.c.batch_id.in_(handed_over), claim.c.recipient_token.is_not(None)
    )
    answered = set(tokens)
    with state.writing(engine) as connection:
        found = {r.batch_id for r in connection.execute(waiting) if r.recipient_token in answered}
        for batch_id in sorted(found):
            row = ledger.one(connection, batch_id)
            ledger.move(connection, row, to=ledger.ACKED, actor="mail_events", at=now)
