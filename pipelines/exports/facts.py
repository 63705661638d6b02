"""What the gates look at, read from the two files of one snapshot for the people asked about.

Long for its statements: all that is asked of the private file stands in one place.

The private file is opened nowhere else: addresses and keys are joined here, at the last moment. A
question is a frame of people, its answer that frame with more columns; a shop of millions is never
held, only the people at hand are. Units: instants naive UTC.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Final

import duckdb
import polars as pl

from pipelines import keys
from pipelines.exports.cells import deliverables
from pipelines.exports.errors import SnapshotMissing
from pipelines.exports.frames import answered, answers, in_utc, naive, parts, reader

_PUBLISHED: Final = """
with sales as (
    select person_id, max(ordered_at) as last_sale_at
    from fct_orders
    semi join asked on fct_orders.person_id = asked.person_id
    where is_sale and shop_id = $shop
    group by person_id
)

select
    asked.n, persons.open_inquiry_count > 0 as has_open_inquiry, sales.last_sale_at,
    episodes.close_reason
from asked
left join dim_persons as persons
    on asked.person_id = persons.person_id and persons.shop_id = $shop
left join sales on asked.person_id = sales.person_id
left join fct_cart_episodes as episodes
    on asked.occurrence_key = episodes.episode_id and episodes.shop_id = $shop
order by asked.n
"""
_PRIVATE: Final = """
select
    asked.n, contacts.email, consents.block_reason, consents.email_hash as consent_hash,
    coalesce(consents.is_contactable, false) as is_contactable,
    coalesce(consents.has_profiling_opt_out, false) as has_profiling_opt_out,
    consents.explicit_grant_at, consents.person_id is not null as has_consent
from asked
left join dim_person_contacts as contacts
    on asked.person_id = contacts.person_id and contacts.shop_id = $shop
left join int_persons__contactable as consents
    on
        asked.person_id = consents.person_id and consents.shop_id = $shop
        and consents.channel = $channel and consents.purpose = $purpose
order by asked.n
"""
# Every id of a merged person, and every address hash: each of them may carry a guard.
_KEYS: Final = """
select asked.n, keys.key_type in ('email_hash', 'person_key') as is_hashed, keys.key_value
from asked
join int_persons__keys as keys on asked.person_id = keys.person_id
where
    keys.shop_id = $shop
    and (keys.key_type in ('email_hash', 'person_key') or keys.key_value <> trim(asked.person_id))
order by asked.n
"""
# A browser several people use is nobody's: it has an end, and a page must not greet by it.
_BROWSERS: Final = """
select asked.n, string_agg(keys.key_value, ',' order by keys.key_value) as browser_ids
from asked
left join int_persons__keys as keys
    on
        asked.person_id = keys.person_id and keys.shop_id = $shop and keys.key_type = 'browser'
        and keys.valid_until_at is null
group by asked.n
order by asked.n
"""
_CONTACTS: Final = """
select asked.n, {columns}
from asked
left join dim_person_contacts as contacts
    on asked.person_id = contacts.person_id and contacts.shop_id = $shop
order by asked.n
"""
# What a name, a phone and a link are made of; the rest is read where a file asks for it.
_MADE_OF: Final = frozenset((
    "email", "name", "name_full", "last_name", "first_name", "phone", "phone_raw", "cart_url",
    "recovery_url",
))  # fmt: skip
_PRESENT: Final = """
select asked.person_id from asked
semi join int_persons__keys as keys
    on asked.person_id = keys.person_id and keys.shop_id = $shop
"""
_DRAWN: Final = """
select occurrence_key, person_id, arm_key, eligible_at
from fct_arm_assignments
where
    assignment_basis = 'drawn' and shop_id = $shop and campaign_key = $campaign
    and campaign_version = $version and eligible_at >= $since
"""
_SHOP_MAILS: Final = """
select asked.n, max(mails.mailed_on) as day
from asked
join int_recovery__shop_mails as mails on asked.person_id = mails.person_id
where mails.shop_id = $shop and mails.mailed_on is not null
group by asked.n, mails.episode_id
"""
_WAITING: Final = """
select person_id from dim_persons
where shop_id = $shop and coupon_blocked_until_at > $now
"""
# Bytes of memory worth opening a file again for, which takes a small shop longer than its people.
_MUCH: Final = 32 * 2**20
_TEXT: Final = (
    "email", "block_reason", "consent_hash", "close_reason", "key_value", "occurrence_key",
    "person_id", "arm_key", "episode_id",
)  # fmt: skip


@dataclass(frozen=True)
class Received:
    """How a destination's mail was received, as `rpt_deliverability` counts it."""

    sent: int
    complaints: int
    hard_bounces: int


@dataclass(frozen=True)
class Facts:
    """What is known of people as of one snapshot."""

    snapshot_id: str
    shop_id: str
    published: Path
    private: Path
    pepper: bytes

    @cached_property
    def _open(self) -> Mapping[Path, duckdb.DuckDBPyConnection]:
        # Opening a file costs more than most of what is asked of it.
        return {file: reader(file) for file in (self.published, self.private)}

    def rest(self) -> None:
        """Let go of what was read of the files, where it is much; a question opens them again."""
        opened: Mapping[Path, duckdb.DuckDBPyConnection] = self.__dict__.get("_open", {})
        if sum(map(_held, opened.values())) >= _MUCH:
            del self.__dict__["_open"]
            for connection in opened.values():
                connection.close()

    @property
    def received(self) -> Mapping[str, Received]:
        """Destination → how its mail of the last 30 days was received."""
        with self._reading(self.published) as connection:
            return received(connection, self.shop_id)

    def of(self, people: pl.DataFrame, *, channel: str, purpose: str) -> pl.DataFrame:
        """The people (`person_id`, `occurrence_key`) with all that is known of each.

        `email` is the address as it would leave, null where no mailer could take it. Raises:
        SnapshotMissing if a table is not there, or has two rows of somebody.
        """
        (found,) = self.each_of(people, channel=channel, purpose=purpose, size=people.height)
        return found

    def each_of(
        self, people: pl.DataFrame, *, channel: str, purpose: str, size: int
    ) -> Iterator[pl.DataFrame]:
        """The same, asked at once and answered of so many people at a time."""
        asked = _asked(people, "occurrence_key")
        known = self._answers(self.published, _PUBLISHED, asked, size=size)
        told = self._answers(
            self.private, _PRIVATE, asked, size=size, channel=channel, purpose=purpose
        )
        for some, mine, consent in zip(parts(people, size), known, told, strict=True):
            if not mine.height == consent.height == some.height:
                raise SnapshotMissing(
                    f"snapshot {self.snapshot_id} has two rows of one person: build it again"
                )
            yield some.hstack(mine.drop("n")).hstack(
                consent.drop("n").with_columns(deliverables(consent["email"]))
            )

    def keyed(self, people: pl.DataFrame) -> pl.DataFrame:
        """The people (`person_id`, `email`) with the two keys a claim of theirs carries.

        `person_key`, and `email_hash` of the present address, null where there is none.
        """
        own = keys.person_keys(people["person_id"].to_list(), pepper=self.pepper)
        hashes = keys.email_hashes(people["email"].to_list(), pepper=self.pepper)
        return people.with_columns(
            pl.Series("person_key", own, pl.String), pl.Series("email_hash", hashes, pl.String)
        )

    def keys_of(self, people: pl.DataFrame) -> pl.DataFrame:
        """(`row`, `key`): every key each of the people was or could be handed over under.

        `people`: as `keyed` gives them, with a `row` each.
        """
        (others,) = self.each_ones_keys(people, size=people.height)
        return every_key(people, others)

    def each_ones_keys(self, people: pl.DataFrame, *, size: int) -> Iterator[pl.DataFrame]:
        """The keys on file of the people (`person_id`, `row`), of so many people at a time.

        Those they go by now are among them or not.
        """
        found = self._answers(self.private, _KEYS, _asked(people), size=size)
        for some, mine in zip(parts(people, size), found, strict=True):
            hashed = self._hashed(mine)
            whose = some["row"].gather(hashed["n"]).to_frame()
            yield whose.hstack(hashed.select("key")).unique()

    def all_keys(self, person_id: str) -> frozenset[str]:
        """Every key one person was or could be handed over under."""
        one = pl.DataFrame({"row": [0], "person_id": [person_id], "email": [None]})
        return frozenset(self.keys_of(self.keyed(one))["key"])

    def known_among(self, people: Iterable[str]) -> frozenset[str]:
        """Those of the persons who have a key of their own now; the others were merged away."""
        asked = pl.DataFrame({"person_id": list(people)}, schema={"person_id": pl.String})
        found = self._answer(self.private, _PRESENT, asked.unique())
        return frozenset(found["person_id"])

    def owners(self, wanted: Iterable[str]) -> Mapping[str, str]:
        """Key → the person who goes by it now, of those keys that somebody goes by.

        Every id of the shop is hashed for it: asked for people alone who were merged away.
        """
        query = (
            "select key_type in ('email_hash', 'person_key') as is_hashed, key_value, person_id"
            " from int_persons__keys where shop_id = $shop"
        )
        with self._reading(self.private) as connection:
            found = _typed(connection.execute(query, {"shop": self.shop_id}).pl())
        persons = found.select("person_id").unique()
        own = persons.select(
            pl.lit(value=False).alias("is_hashed"), pl.col("person_id").alias("key_value"),
            "person_id",
        )  # fmt: skip
        every = self._hashed(pl.concat([found, own]))
        mine = every.filter(pl.col("key").is_in(list(wanted)))
        return dict(mine.select("key", "person_id").iter_rows())

    def contacts_of(
        self, people: pl.DataFrame, *, wanted: Collection[str], size: int
    ) -> Iterator[pl.DataFrame]:
        """Addresses and names of the people (`person_id`), in their order, null where unknown.

        Shape: of so many people at a time. `wanted`: which columns besides; `browser_ids` are those
        a page may know them by.
        """
        asked = _asked(people)
        kept = sorted(self._contact_columns & (_MADE_OF | set(wanted)))
        # Names of the table's own columns stand in the text.
        query = _CONTACTS.format(columns=", ".join(f'contacts."{name}"' for name in kept))
        found = map(_named, self._answers(self.private, query, asked, size=size))
        if "browser_ids" not in wanted:
            yield from (some.drop("n") for some in found)
            return
        browsers = self._answers(self.private, _BROWSERS, asked, size=size)
        for some, mine in zip(found, browsers, strict=True):
            yield some.drop("n").hstack(mine.drop("n"))

    @cached_property
    def _contact_columns(self) -> frozenset[str]:
        with self._reading(self.private) as connection:
            found = connection.execute("describe dim_person_contacts").fetchall()
        return frozenset(str(column[0]) for column in found)

    def shop_mails_of(self, people: pl.DataFrame) -> pl.DataFrame:
        """(`row`, `day`), one per cart the shop system itself wrote to one of the people about."""
        found = self._answer(self.private, _SHOP_MAILS, _asked(people))
        return people["row"].gather(found["n"]).to_frame().hstack(found.select("day"))

    def drawn(self, campaign: str, version: int, *, since: datetime) -> pl.DataFrame:
        """Eligible occurrences of a campaign version whose arm is drawn, from an instant on."""
        values = {"campaign": campaign, "version": version, "since": naive(since)}
        return self._answer(self.published, _DRAWN, None, **values)

    def waiting_for_coupons(self, now: datetime) -> frozenset[str]:
        """Persons who wait for coupons and get none for now."""
        found = self._answer(self.published, _WAITING, None, now=naive(now))
        return frozenset(found["person_id"])

    def _hashed(self, found: pl.DataFrame) -> pl.DataFrame:
        """The rows with `key`, the keyed hash of what an id is."""
        bare = found.filter(~pl.col("is_hashed"))["key_value"].unique()
        made = keys.person_keys(bare.to_list(), pepper=self.pepper)
        table = pl.DataFrame({"key_value": bare, "made": pl.Series(made, dtype=pl.String)})
        return found.join(table, on="key_value", how="left", maintain_order="left").with_columns(
            pl.when("is_hashed").then("key_value").otherwise("made").alias("key")
        )

    def _answer(
        self, file: Path, query: str, asked: pl.DataFrame | None, **values: object
    ) -> pl.DataFrame:
        with self._reading(file) as connection:
            return _typed(answered(self._asking(connection, query, asked, **values)))

    def _answers(
        self, file: Path, query: str, asked: pl.DataFrame, *, size: int, **values: object
    ) -> Iterator[pl.DataFrame]:
        with self._reading(file) as connection:
            found = self._asking(connection, query, asked, **values)
            yield from map(_typed, answers(found, count=asked.height, size=size))

    def _asking(
        self,
        connection: duckdb.DuckDBPyConnection,
        query: str,
        asked: pl.DataFrame | None,
        **values: object,
    ) -> duckdb.DuckDBPyConnection:
        if asked is not None:
            connection.register("asked", asked)
        return connection.execute(query, {"shop": self.shop_id, **values})

    @contextmanager
    def _reading(self, file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
        try:
            with self._open[file].cursor() as connection:
                yield connection
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            raise SnapshotMissing(
                f"snapshot {self.snapshot_id} lacks what every export needs: {error}"
            ) from error


def _held(connection: duckdb.DuckDBPyConnection) -> int:
    """Bytes of memory a database takes."""
    query = "select coalesce(sum(memory_usage_bytes), 0)::bigint from duckdb_memory()"
    found = connection.execute(query).fetchone()
    return 0 if found is None else int(found[0])


def own_keys(people: pl.DataFrame) -> pl.DataFrame:
    """(`row`, `key`): the keys by which people (as `keyed` gives them) go now."""
    own = people.select("row", pl.concat_list("person_key", "email_hash").alias("key"))
    return own.explode("key").drop_nulls("key")


def every_key(people: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """(`row`, `key`), each once: by which people (as `keyed` gives them) go now, and the others."""
    return pl.concat([own_keys(people), other_keys(people, others)])


def other_keys(people: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    """Those of the keys (`row`, `key`) by which the people do not go now."""
    return keys.join(own_keys(people), on=["row", "key"], how="anti")


def received(published: duckdb.DuckDBPyConnection, shop_id: str) -> Mapping[str, Received]:
    """Destination → counts of its last 30 days; none for one without mail."""
    query = (
        "select destination, sent_count, complaint_count, hard_bounce_count"
        " from rpt_deliverability where shop_id = ?"
    )
    return {
        str(destination): Received(int(sent), int(complaints), int(bounces))
        for destination, sent, complaints, bounces in published.execute(query, [shop_id]).fetchall()
    }


def _typed(found: pl.DataFrame) -> pl.DataFrame:
    return in_utc(found).with_columns(
        *(pl.col(name).cast(pl.String) for name in _TEXT if name in found.columns),
        *(
            pl.col(name).cast(pl.Datetime("us"))
            for name in ("last_sale_at", "explicit_grant_at", "eligible_at")
            if name in found.columns
        ),
    )


def _asked(people: pl.DataFrame, *more: str) -> pl.DataFrame:
    return people.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("n"), "person_id", *more)


def _named(found: pl.DataFrame) -> pl.DataFrame:
    """The contacts with one name, phone and link each, from wherever one is known."""
    lacking = ("name", "name_full", "last_name", "first_name", "phone", "phone_raw", "cart_url",
               "recovery_url")  # fmt: skip
    whole = found.with_columns(
        pl.lit(None, pl.String).alias(name) for name in lacking if name not in found.columns
    )
    last, first = _said("last_name"), _said("first_name")
    both = pl.concat_str(last, first, separator=" ", ignore_nulls=True)
    has_parts = last.is_not_null() | first.is_not_null()
    name = pl.coalesce(_said("name"), _said("name_full"), pl.when(has_parts).then(both))
    return whole.with_columns(
        name.alias("name"),
        # Known in one field alone: a mail that greets by the family name greets by all.
        pl.when(has_parts).then("last_name").otherwise(name).alias("last_name"),
        pl.coalesce(_said("phone"), "phone_raw").alias("phone"),
        pl.coalesce(_said("cart_url"), "recovery_url").alias("cart_url"),
    )


def _said(name: str) -> pl.Expr:
    return pl.when(pl.col(name) != "").then(name)
