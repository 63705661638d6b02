"""A look at people: what the snapshot and the ledger know of each, and the gates' word on it.

What the snapshot knows holds for the whole run; what the ledger knows is read anew in every
transaction that decides. Both are asked in shares, so that a segment may be larger than memory.
People are told apart by `row`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import polars as pl
import sqlalchemy as sa

from pipelines.exports import ledger
from pipelines.exports.ahead import ahead
from pipelines.exports.facts import Facts, every_key, other_keys, own_keys
from pipelines.exports.frames import naive, owned, parts
from pipelines.exports.gates import GATES, Situation, first_hit

# People of whom a snapshot is asked at once: each question reads the whole of what it is asked of.
SHARE: Final = 100_000
# People who are looked at at once: all that is known of each is held.
LOOKED: Final = 20_000
# People whose contents are written at once: all that a file says of each is held.
WRITTEN: Final = 10_000
# What a claim of somebody's is guarded by.
KEYS: Final = ("person_key", "email_hash")


@dataclass(frozen=True)
class Known:
    """People with what the snapshot knows of each, and (`row`, `key`), every key of theirs."""

    people: pl.DataFrame
    keys: pl.DataFrame


@dataclass(frozen=True)
class People:
    """Members in their order. Iterates: what the snapshot knows of them, share by share.

    It is read once, and what is kept of it is small: of a million members all of it is held.
    """

    facts: Facts
    at: Situation
    members: pl.DataFrame
    _kept: list["_Kept"] = field(default_factory=list)

    def __iter__(self) -> Iterator[Known]:
        shares = in_shares(self.members)
        if self._kept:
            yield from ahead(kept.of(share) for share, kept in zip(shares, self._kept, strict=True))
            return
        found = []
        for share, seen in zip(
            shares, ahead(known(self.facts, self.at, self.members)), strict=True
        ):
            found.append(_Kept.from_(seen, besides=share.columns))
            yield seen
        self._kept.extend(found)
        self.facts.rest()

    @property
    def claimable(self) -> pl.DataFrame:
        """The members, once all were looked at, with the two keys of a claim in bytes."""
        if not self._kept:
            raise RuntimeError("nobody was looked at yet: the keys of a claim are not known")
        # Cut alike: columns that are not are copied as a whole to be.
        whole = pl.concat(share.rechunk() for share in in_shares(self.members))
        return whole.hstack(pl.concat(kept.more.select(KEYS) for kept in self._kept))


@dataclass(frozen=True)
class _Kept:
    """What is known of a share of members besides what they are, in few bytes."""

    more: pl.DataFrame
    other_keys: pl.DataFrame

    @classmethod
    def from_(cls, seen: Known, *, besides: Sequence[str]) -> "_Kept":
        others = other_keys(seen.people, seen.keys)
        more = in_bytes(seen.people.drop(besides))
        few = more.with_columns(pl.col(pl.String).cast(pl.Categorical))
        return cls(owned(few), owned(others))

    def of(self, share: pl.DataFrame) -> Known:
        people = said(share).hstack(said(in_hex(self.more)))
        return Known(people, pl.concat([own_keys(people), self.other_keys]))


def said(people: pl.DataFrame) -> pl.DataFrame:
    """The people with texts of few values as texts."""
    return people.with_columns(pl.col(pl.Categorical).cast(pl.String))


def in_bytes(people: pl.DataFrame) -> pl.DataFrame:
    """The people with the two keys of a claim as bytes, which is half of what hex takes."""
    return people.with_columns(pl.col(KEYS).str.decode("hex"))


def in_hex(people: pl.DataFrame) -> pl.DataFrame:
    """The people with the two keys of a claim as the ledger has them."""
    return people.with_columns(pl.col(KEYS).bin.encode("hex"))


def by_key(people: pl.DataFrame, *keys: str, among: pl.Expr) -> pl.Series:
    """Places of the keys, held in bytes, in their order: one column's after the other's.

    Of those people, and of keys that are there. What a key begins with is order enough for rows to
    be written where they lie.
    """
    head = pl.col(*keys).bin.head(8).bin.reinterpret(dtype=pl.UInt64, endianness="big")
    begun = pl.concat(share.select(pl.when(among).then(head)) for share in in_shares(people))
    heads = pl.concat(begun.get_columns())
    return heads.arg_sort(nulls_last=True).head(heads.count())


def at_once(people: pl.DataFrame) -> Sequence[pl.DataFrame]:
    """The people in their order, so many as a snapshot is asked of; of nobody, one of nobody."""
    return parts(people, SHARE)


def in_shares(people: pl.DataFrame) -> Sequence[pl.DataFrame]:
    """The people in their order, so many at once as are looked at; of nobody, one of nobody."""
    return [share for asked in at_once(people) for share in parts(asked, LOOKED)]


@dataclass(frozen=True)
class Asked:
    """What is asked besides the people: the situation, and where the answers are from.

    `stops`: whom the ledger stops, which is all of it that can change within a run. `refused`:
    (`row`, `refused`), which rows the profile cannot write and why. `lost_before`: whoever
    qualified before it may have been handed over by a ledger that was lost.
    """

    at: Situation
    facts: Facts
    stops: pl.DataFrame
    refused: pl.DataFrame
    lost_before: datetime | None = None


def known(facts: Facts, at: Situation, members: pl.DataFrame) -> Iterator[Known]:
    """The members, with what the snapshot knows of them for this channel and purpose, in shares."""
    channel, purpose = at.program.channel, at.cool.purpose
    for asked in at_once(members):
        found = facts.each_of(asked, channel=channel, purpose=purpose, size=LOOKED)
        for people, others in zip(found, facts.each_ones_keys(asked, size=LOOKED), strict=True):
            keyed = facts.keyed(said(people))
            yield Known(addressed(keyed).drop("email"), every_key(keyed, others))


def addressed(people: pl.DataFrame) -> pl.DataFrame:
    """The people with what their consent says of the address at hand, in place of its hash."""
    own, given = pl.col("email_hash"), pl.col("consent_hash")
    return people.with_columns(
        own.ne(given).fill_null(value=False).alias("is_of_another"),
        own.eq_missing(given).alias("is_of_this"),
    ).drop("consent_hash")


def look(
    connection: sa.Connection,
    asked: Asked,
    seen: Known,
    *,
    among: tuple[str, ...] = tuple(GATES),
) -> pl.DataFrame:
    """The people as of this transaction, in the order they were given.

    Shape: with `hit`, the first of these gates that stops them, and `recorded`, their arm on
    record.
    """
    at = asked.at
    found = _recorded(connection, at, stopped(seen, asked.stops))
    if "already_handed_over" in among:
        since = at.today - timedelta(days=max(at.caps, default=0))
        held = ledger.guards(connection, seen.keys["key"], program=at.program, since=since)
        guards = seen.keys.join(held, on="key")
        found = _capped(asked, _guarded(asked, found, guards), guards)
        refused = found.people.join(asked.refused, on="row", how="left", maintain_order="left")
        found = replace(found, people=refused)
    return found.people.with_columns(first_hit(at, among=among).alias("hit"))


def stopped(seen: Known, stops: pl.DataFrame) -> Known:
    """The people with `stops`, the gates at which a suppression of one of their keys counts.

    Of an unsubscribe the person's own later yes to the same address is the end. A yes to another
    address, or a flag that was merely imported, brings nobody back.
    """
    hits = seen.keys.join(stops, on="key").join(
        seen.people.select("row", "explicit_grant_at", "is_of_this"), on="row"
    )
    has_returned = (
        (pl.col("reason") == "unsubscribed")
        & (pl.col("explicit_grant_at") > pl.col("since")).fill_null(value=False)
        & pl.col("is_of_this")
    )
    still = hits.filter(~has_returned)
    reasons = still.group_by("row").agg(pl.col("reason").unique().alias("stops"))
    return _with(seen, reasons)


def recorded(seen: Known, arms: pl.DataFrame) -> pl.DataFrame:
    """(`row`, `recorded`): the arm an occurrence is on record with, under any key of its person.

    Else the earliest of the person, if there is one: persons of two arms who turn out to be one
    keep what each cart was recorded with.
    """
    own = seen.people.select("row", pl.col("occurrence_key").alias("own"))
    mine = seen.keys.join(arms, on="key").join(own, on="row")
    is_other = pl.col("occurrence_key") != pl.col("own")
    first = mine.sort("row", is_other, "recorded_at", "arm").unique(
        "row", keep="first", maintain_order=True
    )
    return first.select("row", pl.col("arm").alias("recorded"))


def _recorded(connection: sa.Connection, at: Situation, seen: Known) -> Known:
    # Arms are on record by person: the present addresses need not be asked.
    addresses = seen.people["email_hash"].drop_nulls()
    persons = seen.keys.filter(~pl.col("key").is_in(addresses.implode()))["key"]
    return _with(seen, recorded(seen, ledger.arms(connection, at.program, persons)))


def _guarded(asked: Asked, seen: Known, every: pl.DataFrame) -> Known:
    """Whether the occurrence was handed over, and when somebody of theirs was last (`last_at`)."""
    guards = every.filter(program=asked.at.program.key)
    mine = seen.people.select("row", "occurrence_key")
    same = guards.join(mine, on=["row", "occurrence_key"], how="semi")["row"].unique()
    is_guarded = pl.col("row").is_in(same.implode())
    if asked.lost_before is not None:
        is_guarded |= pl.col("qualified_at") < naive(asked.lost_before)
    last = guards.group_by("row").agg(pl.col("claimed_at").max().alias("last_at"))
    found = _with(seen, last)
    return replace(found, people=found.people.with_columns(is_guarded.alias("is_guarded")))


def _capped(asked: Asked, seen: Known, guards: pl.DataFrame) -> Known:
    """Whether a cap over all campaigns of the channel is reached: messages, however many keys."""
    at = asked.at
    sent = guards.drop_nulls("message_on").unique(["row", "batch_id", "ord"])
    days = sent.select("row", pl.col("message_on").alias("day"))
    if at.program.channel == "email":
        # The shop system's own cart mails lie in the same mailbox.
        days = pl.concat([days, asked.facts.shop_mails_of(seen.people)])
    is_capped = pl.lit(value=False)
    for window, allowed in at.caps.items():
        inside = days.filter(pl.col("day") > at.today - timedelta(days=window))
        full = inside.group_by("row").len().filter(pl.col("len") >= allowed)
        is_capped |= pl.lit(allowed <= 0) | pl.col("row").is_in(full["row"].implode())
    return replace(seen, people=seen.people.with_columns(is_capped.alias("is_capped")))


def _with(seen: Known, more: pl.DataFrame) -> Known:
    people = seen.people.join(more, on="row", how="left", maintain_order="left")
    return replace(seen, people=people)
