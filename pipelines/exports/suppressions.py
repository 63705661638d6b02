"""Who may not be written to, carried from landing and mail results into the ledger.

Results can only add: a forged file may stop a mail, never start one. What landing said of a place
it may take back itself, by an end; what an operator or a mailer's result said it never weakens.
A stop by hand has a place of its own, so that lifting it ends nothing anybody else said.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import polars as pl
import sqlalchemy as sa

from pipelines import keys, state
from pipelines.canonical import CHANNELS
from pipelines.exports import bulk, ledger
from pipelines.exports.errors import NoAddress
from pipelines.settings import Home
from pipelines.shop import Shop, pepper_of
from pipelines.state import batch, suppression

_REASON_OF_EVENT: Final = {
    "hard_bounce": "hard_bounce", "complaint": "complaint", "unsubscribe": "unsubscribe",
}  # fmt: skip
# The one reason a person may take back: what others said is not theirs to lift.
MANUAL: Final = "manual"
_CHUNK: Final = 900
_LANDING: Final = "landing"
_RESULTS: Final = "mail_events"
_BY_HAND: Final = "operator:"
# What this ledger gave to landing, as its ids begin there.
OWN_ID: Final = "ledger:"
_OWN_PLACE: Final = rf"^{OWN_ID}[^|]*\|[^|]*\|[^|]*\|[^|]*$"
_PLACE: Final = ("key", "channel", "scope", "reason")
_SAYS: Final = ("source", "started_at", "ended_at")
# The order in which staging takes versions.
_VERSION: Final = ("source_updated_at", "loaded_at", "batch_id", "row_no", "row_hash")
# None of these ends by itself; of an unsubscribe the person's own later yes is the end.
_FOR_EVER: Final = frozenset({"unsubscribe", "complaint", "withdrawn_member", "erased"})


def import_suppressions(home: Home, shop: Shop, rows: pl.DataFrame) -> int:
    """Number of new or changed suppressions taken over from landed `suppressions`.

    Shape: `channel`, `reason`, `started_at`, and `email_hash` or `customer_id`; `scope` and
    `ended_at` if there. All versions: of each `suppression_id` the newest counts, however often an
    older file is brought again. Units: instants UTC.
    """
    pepper = pepper_of(shop, home)
    newest = _newest(rows)
    own = pl.lit(False)
    if "suppression_id" in newest.columns:
        known = (
            pl.col("suppression_id").str.contains(_OWN_PLACE) & pl.col("email_hash").is_not_null()
        )
        own = known.fill_null(False)
    found: dict[tuple[object, ...], dict[str, object]] = {}
    for row in newest.filter(~own).iter_rows(named=True):
        customer = row.get("customer_id")
        person = None if customer is None else keys.person_key(str(customer), pepper=pepper)
        mine = [key for key in (row.get("email_hash"), person) if key is not None]
        for one in (_row(key, row, source=_LANDING) for key in mine):
            place = _place(one)
            found[place] = _stricter(found[place], one) if place in found else one
    engine = state.ledger_engine(home)
    return _write(engine, found.values()) + _remember(engine, newest.filter(own))


def _remember(engine: sa.Engine, rows: pl.DataFrame) -> int:
    """Stops by hand a lost ledger once gave to landing; of those it still holds it knows better."""
    found = []
    for row in rows.iter_rows(named=True):
        place = str(row["suppression_id"]).removeprefix(OWN_ID)
        scope = place.split("|")[2] if place.count("|") > 2 else "global"
        found.append(_row(row["email_hash"], {**row, "scope": scope}, source=str(row["note"])))
    if not found:
        return 0
    with state.writing(engine) as connection:
        insert = bulk.insert_for(connection, suppression)
        done = connection.execute(
            insert.on_conflict_do_nothing(index_elements=list(_PLACE)).returning(suppression.c.key),
            found,
        )
        return len(done.all())


def _newest(versions: pl.DataFrame) -> pl.DataFrame:
    order = [name for name in _VERSION if name in versions.columns]
    if "suppression_id" not in versions.columns or not order:
        return versions
    return versions.sort(order, descending=True, nulls_last=True).unique(
        "suppression_id", keep="first", maintain_order=True
    )


def import_mail_events(home: Home, rows: pl.DataFrame, *, now: datetime) -> int:
    """Number of new or changed suppressions out of landed `mail_events`.

    A hard bounce, complaint or unsubscribe stops its address; any result acknowledges its batch.
    """
    engine = state.ledger_engine(home)
    # Opens and clicks are most of a shop's rows and stop nobody.
    events = rows.filter(pl.col("event_type").is_in(list(_REASON_OF_EVENT))).to_dicts()
    with state.reading(engine) as connection:
        tokens = pl.Series([row["recipient_token"] for row in events], dtype=pl.String)
        people = ledger.keys_by_token(connection, tokens.drop_nulls())
    found = []
    for row in events:
        mine = people.get(str(row.get("recipient_token")), ())
        for key in {row.get("email_hash"), *mine} - {None}:
            given = {
                "channel": "email", "reason": _REASON_OF_EVENT[row["event_type"]],
                "scope": "global", "started_at": row["occurred_at"], "ended_at": None,
            }  # fmt: skip
            found.append(_row(str(key), given, source=_RESULTS))
    _acknowledge(engine, rows["recipient_token"].drop_nulls().unique(), now=now)
    return _write(engine, found)


def suppress(home: Home, shop: Shop, *, email: str, reason: str, by: str, now: datetime) -> int:
    """Number of channels on which an address is newly stopped by hand.

    Raises: NoAddress for a text that no address could be: it would stop nobody, silently.
    """
    key = keys.email_hash(email, pepper=pepper_of(shop, home))
    if key is None or "@" not in (keys.email_key(email) or ""):
        raise NoAddress("that is no e-mail address; give it as name@example.com")
    return stop_keys(home, [key], reason=reason, by=by, now=now)


def stop_keys(home: Home, stopped: Iterable[str], *, reason: str, by: str, now: datetime) -> int:
    """Number of keyed hashes and channels on which somebody is newly stopped by hand.

    Each stop is a row of its own, named by its instant: one that was lifted stays as it was.
    """
    mine = sorted(set(stopped))
    with state.writing(state.ledger_engine(home)) as connection:
        known = {(row.key, row.channel) for row in _by_hand(connection, mine, reason=reason)}
        given = {
            "reason": reason, "scope": f"global@{now.astimezone(UTC).isoformat()}",
            "started_at": now, "ended_at": None,
        }  # fmt: skip
        rows = [
            _row(key, {**given, "channel": channel}, source=f"{_BY_HAND}{by}")
            for key in mine
            for channel in CHANNELS
            if (key, channel) not in known
        ]
        if rows:
            # Of a clock that stands still, the one that was lifted at the same instant.
            insert = bulk.insert_for(connection, suppression)
            set_ = {name: insert.excluded[name] for name in _SAYS}
            connection.execute(
                insert.on_conflict_do_update(index_elements=list(_PLACE), set_=set_), rows
            )
    return len(rows)


def lift_keys(home: Home, lifted: Iterable[str], *, now: datetime) -> int:
    """Number of keyed hashes and channels whose manual stop by hand ends.

    Whatever else stops them stays: a refusal, a complaint, a bounce, the shop's own list.
    """
    with state.writing(state.ledger_engine(home)) as connection:
        found = _by_hand(connection, sorted(set(lifted)), reason=MANUAL)
        for row in found:
            place = [suppression.c[name] == getattr(row, name) for name in _PLACE]
            connection.execute(suppression.update().where(*place).values(ended_at=now))
    return len({(row.key, row.channel) for row in found})


def _by_hand(connection: sa.Connection, mine: list[str], *, reason: str) -> Sequence[sa.Row[Any]]:
    """Stops by hand of these keys for this reason that nobody has lifted."""
    found: list[sa.Row[Any]] = []
    for start in range(0, len(mine), _CHUNK):
        s = suppression.c
        query = sa.select(suppression).where(
            s.key.in_(mine[start : start + _CHUNK]), s.reason == reason,
            s.source.startswith(_BY_HAND), s.ended_at.is_(None),
        )  # fmt: skip
        found += connection.execute(query).all()
    return found


def _row(key: str, row: Mapping[str, Any], *, source: str) -> dict[str, object]:
    ended = None if row["reason"] in _FOR_EVER else _aware(row.get("ended_at"))
    return {
        "key": key, "channel": row["channel"], "scope": row.get("scope") or "global",
        "reason": row["reason"], "source": source, "started_at": _aware(row["started_at"]),
        "ended_at": ended,
    }  # fmt: skip


def _place(row: Mapping[str, Any]) -> tuple[object, ...]:
    return tuple(row[name] for name in _PLACE)


def _stricter(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, object]:
    """Both in one row: from the first start, to the later end; of no end there is none later."""
    ends = (one["ended_at"], other["ended_at"])
    return {
        **other,
        "source": one["source"] if one["source"] != _LANDING else other["source"],
        "started_at": min(one["started_at"], other["started_at"]),
        "ended_at": None if None in ends else max(ends),
    }


def _aware(value: datetime | None) -> datetime | None:
    return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


def _write(engine: sa.Engine, rows: Iterable[dict[str, object]]) -> int:
    given: dict[tuple[object, ...], dict[str, object]] = {}
    for row in rows:
        place = _place(row)
        given[place] = _stricter(given[place], row) if place in given else row
    if not given:
        return 0
    with state.writing(engine) as connection:
        stored = [dict(row) for row in connection.execute(sa.select(suppression)).mappings()]
        known: dict[tuple[object, ...], dict[str, object]] = {_place(row): row for row in stored}
        fresh = []
        for place, row in given.items():
            old = known.get(place)
            if old is None:
                fresh.append(row)
                continue
            is_its_own = old["source"] == row["source"] == _LANDING
            new = row if is_its_own else _stricter(old, row)
            if any(old[name] != new[name] for name in _SAYS):
                fresh.append(new)
        if fresh:
            insert = bulk.insert_for(connection, suppression)
            set_ = {name: insert.excluded[name] for name in _SAYS}
            connection.execute(
                insert.on_conflict_do_update(index_elements=list(_PLACE), set_=set_), fresh
            )
    return len(fresh)


def _acknowledge(engine: sa.Engine, tokens: pl.Series, *, now: datetime) -> None:
    with state.writing(engine) as connection:
        answered = ledger.with_tokens(connection, tokens)
        for row in ledger.batches(connection, batch.c.state == ledger.DELIVERED):
            if row.batch_id in answered:
                ledger.move(connection, row, to=ledger.ACKED, actor="mail_events", at=now)
