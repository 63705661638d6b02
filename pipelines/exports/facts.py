"""What the gates look at, read from the two files of one snapshot.

The private file is opened nowhere else: addresses and keys are joined here, at the last moment.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Final

import duckdb

from pipelines import keys
from pipelines.exports.errors import SnapshotMissing

# A browser several people use is nobody's: it has an end, and a page must not greet by it.
_CONTACTS: Final = """
with browsers as (
    select person_id, string_agg(key_value, ',' order by key_value) as browser_ids
    from int_persons__keys
    where key_type = 'browser' and valid_until_at is null and shop_id = ?
    group by person_id
)

select contacts.*, browsers.browser_ids
from dim_person_contacts as contacts
left join browsers on contacts.person_id = browsers.person_id
where contacts.shop_id = ?
"""
# Rows fetched at once: a shop of a million persons is read without being held twice.
_CHUNK: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class PersonKeys:
    """Keyed hashes one person was or could be handed over under."""

    person_key: str
    all: frozenset[str]


@dataclass(frozen=True, slots=True)
class Consent:
    """Whether a person may be written to on one channel for one purpose, as of the build."""

    is_contactable: bool
    block_reason: str | None
    email_hash: str | None
    has_profiling_opt_out: bool = False
    # The person's own later yes to this address: the one thing that ends an unsubscribe.
    explicit_grant_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """An eligible occurrence whose arm is drawn and not on record yet."""

    program: tuple[str, int]
    occurrence_key: str
    person_id: str
    arm_key: str
    eligible_at: datetime


@dataclass(frozen=True)
class Received:
    """How a destination's mail was received, as `rpt_deliverability` counts it."""

    sent: int
    complaints: int
    hard_bounces: int


@dataclass(frozen=True)
class Facts:
    """What the gates look at, as of the snapshot in force."""

    contacts: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    person_keys: Mapping[str, PersonKeys] = field(default_factory=dict)
    consents: Mapping[tuple[str, str, str], Consent] = field(default_factory=dict)
    open_inquiries: frozenset[str] = frozenset()
    # Person who waits for coupons → the instant before which they get none.
    coupon_blocked_until: Mapping[str, datetime] = field(default_factory=dict)
    drawn: tuple[Drawn, ...] = ()
    last_sale_at: Mapping[str, datetime] = field(default_factory=dict)
    closed: Mapping[str, str] = field(default_factory=dict)
    # Destination → how its mail of the last 30 days was received.
    received: Mapping[str, Received] = field(default_factory=dict)
    # Person → episode → the day the shop system itself mailed about it.
    shop_mails: Mapping[str, Mapping[str, date]] = field(default_factory=dict)

    @cached_property
    def owners(self) -> Mapping[str, str]:
        """Keyed hash → the person who goes by it now."""
        return {key: person for person, found in self.person_keys.items() for key in found.all}


def read_facts(
    private: duckdb.DuckDBPyConnection,
    published: duckdb.DuckDBPyConnection,
    *,
    shop_id: str,
    pepper: bytes,
) -> Facts:
    """Everything of one shop. Raises: duckdb.CatalogException if a table is not there."""
    return Facts(
        contacts=_contacts(private, shop_id),
        person_keys=_person_keys(private, shop_id, pepper=pepper),
        consents=_consents(private, shop_id),
        open_inquiries=frozenset(
            str(person)
            for (person,) in _rows(
                published,
                "select person_id from dim_persons where open_inquiry_count > 0 and shop_id = ?",
                shop_id,
            )
        ),
        coupon_blocked_until=_instants(
            published,
            "select person_id, coupon_blocked_until_at from dim_persons"
            " where coupon_blocked_until_at is not null and shop_id = ?",
            shop_id,
        ),
        drawn=_drawn(published, shop_id),
        shop_mails=_shop_mails(private, shop_id),
        received=received(published, shop_id),
        last_sale_at=_instants(
            published,
            "select person_id, max(ordered_at) from fct_orders"
            " where is_sale and person_id is not null and shop_id = ? group by person_id",
            shop_id,
        ),
        closed=_closed(published, shop_id),
    )


def keys_of(person_id: str, others: frozenset[str], *, pepper: bytes) -> PersonKeys:
    """Keys of one person: the one new claims carry, and all that are looked up."""
    own = keys.person_key(person_id, pepper=pepper)
    return PersonKeys(own, others | {own})


def instant(value: object) -> datetime | None:
    """Aware UTC instant of what duckdb gave, None for anything that is none."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return None


def required_instant(value: object) -> datetime:
    """The same, where a contract promises one. Raises: SnapshotMissing if it is not there."""
    found = instant(value)
    if found is None:
        raise SnapshotMissing(
            "a published row lacks an instant: its contract is broken, build again"
        )
    return found


def _rows(
    connection: duckdb.DuckDBPyConnection, query: str, shop_id: str
) -> Iterator[tuple[object, ...]]:
    cursor = connection.execute(query, [shop_id])
    while batch := cursor.fetchmany(_CHUNK):
        yield from batch


def _instants(
    connection: duckdb.DuckDBPyConnection, query: str, shop_id: str
) -> Mapping[str, datetime]:
    return {str(key): required_instant(at) for key, at in _rows(connection, query, shop_id)}


def _closed(published: duckdb.DuckDBPyConnection, shop_id: str) -> Mapping[str, str]:
    query = (
        "select episode_id, close_reason from fct_cart_episodes"
        " where close_reason is not null and shop_id = ?"
    )
    return {str(episode): str(why) for episode, why in _rows(published, query, shop_id)}


def _consents(
    private: duckdb.DuckDBPyConnection, shop_id: str
) -> Mapping[tuple[str, str, str], Consent]:
    found = _rows(
        private,
        "select person_id, channel, purpose, is_contactable, block_reason, email_hash,"
        " has_profiling_opt_out, explicit_grant_at from int_persons__contactable"
        " where shop_id = ?",
        shop_id,
    )
    return {
        (str(person), str(channel), str(purpose)): Consent(
            is_contactable=bool(may),
            block_reason=None if why is None else str(why),
            email_hash=None if hash_ is None else str(hash_),
            has_profiling_opt_out=bool(profiling),
            explicit_grant_at=instant(granted),
        )
        for person, channel, purpose, may, why, hash_, profiling, granted in found
    }


def _drawn(published: duckdb.DuckDBPyConnection, shop_id: str) -> tuple[Drawn, ...]:
    found = _rows(
        published,
        "select campaign_key, campaign_version, occurrence_key, person_id, arm_key, eligible_at"
        " from fct_arm_assignments where assignment_basis = 'drawn' and shop_id = ?",
        shop_id,
    )
    return tuple(
        Drawn(
            program=(str(campaign), int(str(version))),
            occurrence_key=str(occurrence),
            person_id=str(person),
            arm_key=str(arm),
            eligible_at=required_instant(at),
        )
        for campaign, version, occurrence, person, arm, at in found
    )


def received(published: duckdb.DuckDBPyConnection, shop_id: str) -> Mapping[str, Received]:
    """Destination → counts of its last 30 days; none for one without mail."""
    query = (
        "select destination, sent_count, complaint_count, hard_bounce_count"
        " from rpt_deliverability where shop_id = ?"
    )
    return {
        str(destination): Received(int(str(sent)), int(str(complaints)), int(str(bounces)))
        for destination, sent, complaints, bounces in _rows(published, query, shop_id)
    }


def _shop_mails(
    private: duckdb.DuckDBPyConnection, shop_id: str
) -> Mapping[str, Mapping[str, date]]:
    query = (
        "select person_id, episode_id, mailed_on from int_recovery__shop_mails"
        " where person_id is not null and shop_id = ?"
    )
    found: dict[str, dict[str, date]] = {}
    for person, episode, day in _rows(private, query, shop_id):
        if isinstance(day, date):
            found.setdefault(str(person), {})[str(episode)] = day
    return found


def _contacts(
    private: duckdb.DuckDBPyConnection, shop_id: str
) -> Mapping[str, Mapping[str, object]]:
    cursor = private.execute(_CONTACTS, [shop_id, shop_id])
    names = [str(column[0]) for column in cursor.description]
    found: dict[str, Mapping[str, object]] = {}
    while batch := cursor.fetchmany(_CHUNK):
        for row in batch:
            contact = dict(zip(names, row, strict=True))
            parts = (contact.get("last_name"), contact.get("first_name"))
            contact["name"] = (
                contact.get("name")
                or contact.get("name_full")
                or " ".join(str(part) for part in parts if part)
                or None
            )
            if not any(parts):
                # Known in one field alone: a mail that greets by the family name greets by all.
                contact["last_name"] = contact["name"]
            contact["phone"] = contact.get("phone") or contact.get("phone_raw")
            contact["cart_url"] = contact.get("cart_url") or contact.get("recovery_url")
            found[str(contact["person_id"])] = contact
    return found


def _person_keys(
    private: duckdb.DuckDBPyConnection, shop_id: str, *, pepper: bytes
) -> Mapping[str, PersonKeys]:
    # Every id of a merged person, hashed, and every address hash: each of them may carry a guard.
    hashed: dict[str, set[str]] = {}
    query = "select person_id, key_type, key_value from int_persons__keys where shop_id = ?"
    for person, kind, value in _rows(private, query, shop_id):
        found = hashed.setdefault(str(person), set())
        if kind in ("email_hash", "person_key"):
            found.add(str(value))
        else:
            found.add(keys.person_key(str(value), pepper=pepper))
    return {
        person: keys_of(person, frozenset(found), pepper=pepper) for person, found in hashed.items()
    }
