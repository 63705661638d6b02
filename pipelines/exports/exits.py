"""Claimed people who must not be written to any more: looked up at sealing and before leaving."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import polars as pl
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag

from pipelines.exports import bulk, ledger
from pipelines.exports.claims import scope_of
from pipelines.exports.errors import Tampered
from pipelines.exports.facts import Facts
from pipelines.exports.frames import naive
from pipelines.exports.gates import LATE, Situation, first_hit
from pipelines.exports.looks import WRITTEN, Known, addressed, stopped
from pipelines.exports.payload import Vault
from pipelines.exports.rules import Rules
from pipelines.state import claim

_Opened = TypeVar("_Opened")


@dataclass(frozen=True)
class Late:
    """Whose claims are looked at again, and by what."""

    row: ledger.BatchRow
    rules: Rules
    facts: Facts
    now: datetime

    @property
    def scope(self) -> ledger.Scope:
        """Suppressions that count for the batch."""
        return scope_of(self.rules, self.row.of, destination=self.row.destination)


@dataclass(frozen=True)
class Looked:
    """Batches of one walk of whom nobody had to leave when they were looked at, and what was seen.

    Of what a late gate asks, a walk's snapshot never changes, and its claims only ever become
    fewer. So nobody has to leave now either where the ledger's stops in force are the same, no
    claim is gone, and nobody's time is over: all three are asked anew in the transaction that
    decides, which nobody else writes beside.
    """

    clear: dict[str, str] = field(default_factory=dict)

    def note(self, batch_id: str, claimed: int, stops: pl.DataFrame) -> None:
        """Nobody of the batch, of whom so many are claimed, has to leave with these stops."""
        self.clear[batch_id] = _digest(claimed, stops)

    def is_clear(self, connection: sa.Connection, late: Late, stops: pl.DataFrame) -> bool:
        """Whether nobody has to leave, known without looking at each again."""
        batch_id, c = late.row.batch_id, claim.c
        if batch_id not in self.clear:
            return False
        mine = (c.batch_id == batch_id, c.st == "claimed")
        seen: tuple[sa.ColumnElement[Any], ...] = (
            sa.func.count(c.payload_enc).label("claimed"),
            sa.func.min(c.valid_until_at).label("first"),
        )
        query = sa.select(*seen).where(*mine)
        claimed, first = bulk.frame(connection, query).row(0)
        is_over = first is not None and first <= naive(late.now)
        return not is_over and self.clear[batch_id] == _digest(claimed, stops)


def claimed_of(connection: sa.Connection, batch_id: str, *, vault: Vault) -> Iterator[pl.DataFrame]:
    """The claims of a batch that are rendered, by number, in shares. Held-out ones never are.

    Shape: `ord`, `occurrence_key`, `valid_until_at`, `person_key`, `email_hash`, and what their
    payloads hold.
    Raises: Tampered where a stored payload is not the one that was claimed.
    """
    c = claim.c
    more = c.occurrence.label("occurrence_key"), c.valid_until_at, c.person_key, c.email_hash
    return _opened(connection, batch_id, vault.open, *more)


def cells_of(connection: sa.Connection, batch_id: str, *, vault: Vault) -> Iterator[pl.Series]:
    """The `cells` of the same claims alone, which is half the work. Raises: Tampered."""
    return _opened(connection, batch_id, vault.cells)


def _opened(
    connection: sa.Connection,
    batch_id: str,
    opens: Callable[..., _Opened],
    *more: sa.ColumnElement[Any],
) -> Iterator[_Opened]:
    c = claim.c
    query = (
        sa.select(c.ord, *more, c.payload_enc)
        .where(c.batch_id == batch_id, c.st == "claimed", c.payload_enc.is_not(None))
        .order_by(c.ord)
        .limit(WRITTEN)
    )
    last = -1
    while True:
        found = bulk.frame(connection, query.where(c.ord > last))
        if found.is_empty():
            return
        last = int(found["ord"][-1])
        try:
            yield opens(found, batch_id=batch_id)
        except InvalidTag as error:
            raise Tampered(
                f"claims of {batch_id} in the ledger are not as they were written"
            ) from error


def claimed_keys(claimed: pl.DataFrame) -> pl.DataFrame:
    """(`ord`, `key`): every key the claims were made under."""
    every = pl.concat_list("person_key", "email_hash", "other_keys").alias("key")
    return claimed.select("ord", every).explode("key").drop_nulls("key").unique()


def late_exits(late: Late, claimed: pl.DataFrame, stops: pl.DataFrame) -> Mapping[int, str]:
    """Claim number → the first reason it must not leave, as of now, under the claimed address."""
    row, rules, facts = late.row, late.rules, late.facts
    at = Situation(
        program=row.of,
        cool=rules.step(row.of),
        now=late.now,
        today=late.now.astimezone(rules.zone).date(),
        stops_on_order=bool(row.layout["stops_on_order"]),
        is_behavioural=bool(row.layout["is_behavioural"]),
    )
    owned = _owned(claimed, facts).rename({"ord": "row"})
    asked = owned.select("row", "person_id", "occurrence_key", "qualified_at", "valid_until_at")
    people = facts.of(asked, channel=at.program.channel, purpose=at.cool.purpose).with_columns(
        owned["email"]
    )
    people = facts.keyed(people)
    keys = claimed_keys(claimed).rename({"ord": "row"})
    every = pl.concat([keys, facts.keys_of(people)])
    judged = stopped(Known(addressed(people), every), stops).people
    hits = judged.select("row", first_hit(at, among=LATE).alias("hit")).drop_nulls("hit")
    return dict(hits.iter_rows())


def exits_of(
    connection: sa.Connection, late: Late, *, vault: Vault, looked: Looked
) -> Mapping[int, str]:
    """Claim number → why it must not leave any more, of a whole batch as of this transaction."""
    stops = ledger.stops(connection, scope=late.scope, now=late.now)
    if looked.is_clear(connection, late, stops):
        return {}
    found: dict[int, str] = {}
    count = 0
    for claimed in claimed_of(connection, late.row.batch_id, vault=vault):
        found |= late_exits(late, claimed, stops)
        count += claimed.height
    if not found:
        looked.note(late.row.batch_id, count, stops)
    return found


def _digest(claimed: int, stops: pl.DataFrame) -> str:
    found = hashlib.sha256(str(claimed).encode())
    for share in stops.iter_slices(WRITTEN):
        found.update("\n".join(f"{key} {why} {at}" for key, why, at in share.iter_rows()).encode())
    return found.hexdigest()


def drop(connection: sa.Connection, batch_id: str, exits: Mapping[int, str]) -> None:
    """Take people out of a batch. Who is merely late may come again; the others stay guarded."""
    for reason in sorted(set(exits.values())):
        ords = [ord_ for ord_, why in exits.items() if why == reason]
        give_up = ledger.release if reason == "stale" else ledger.suppress
        give_up(connection, batch_id, reason=reason, ords=ords)


def _owned(claimed: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    # Merged since the claim: the person goes by another of their own ids now.
    known = facts.known_among(claimed["person_id"])
    lost = claimed.filter(~pl.col("person_id").is_in(list(known)))
    if lost.is_empty():
        return claimed
    theirs = claimed_keys(lost)
    owners = facts.owners(theirs["key"])
    found = {
        person: next((owners[key] for key in sorted(keys) if key in owners), person)
        for person, keys in lost.select("ord", "person_id")
        .join(theirs.group_by("ord").agg("key"), on="ord")
        .select("person_id", "key")
        .iter_rows()
    }
    return claimed.with_columns(pl.col("person_id").replace(found))
