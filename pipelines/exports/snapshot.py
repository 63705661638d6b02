"""The published and the private file of one snapshot, read once, locked down, never written.

What comes out is plain: members of a segment, their addresses and keys, and the facts the gates
look at. The private file is opened nowhere else.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import duckdb

from pipelines import keys
from pipelines.exports.errors import SnapshotMissing
from pipelines.requests import checked_id
from pipelines.settings import Home

# The part of the segment contract that decides; every other column is content for the file.
CORE: Final = (
    "person_id", "campaign_key", "campaign_version", "step_number", "arm_key", "channel",
    "occurrence_key", "dedupe_key", "qualified_at", "due_at", "valid_until_at", "reason_code",
    "is_held_out",
)  # fmt: skip
_SHORT: Final = 1 << 20


@dataclass(frozen=True)
class Member:
    """One row of a segment. `content`: every column that is not core. Units: instants UTC."""

    person_id: str
    campaign_key: str
    campaign_version: int
    step_number: int
    arm_key: str
    channel: str
    occurrence_key: str
    dedupe_key: str
    qualified_at: datetime
    due_at: datetime
    valid_until_at: datetime | None
    reason_code: str | None
    is_held_out: bool
    content: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Segment:
    """One segment as published: its members, its content columns in order, its `meta.segment`."""

    key: str
    members: tuple[Member, ...]
    content: tuple[str, ...]
    meta: Mapping[str, object]

    @property
    def stops_on_order(self) -> bool:
        """Whether an order since somebody qualified takes them out. Yes, unless it says no."""
        return bool(self.meta.get("stops_on_order", True))

    @property
    def needs_content(self) -> bool:
        """Whether a mail without an item makes no sense: it does not, where items are columns."""
        return bool(self.meta.get("needs_content", "item_1_name" in self.content))

    @property
    def is_behavioural(self) -> bool:
        """Whether it rests on what a person did, so that an objection to profiling counts."""
        return bool(self.meta.get("behavioural", True))


@dataclass(frozen=True)
class PersonKeys:
    """Keyed hashes one person was or could be handed over under."""

    person_key: str
    all: frozenset[str]


@dataclass(frozen=True)
class Consent:
    """Whether a person may be written to on one channel for one purpose, as of the build."""

    is_contactable: bool
    block_reason: str | None
    email_hash: str | None
    has_profiling_opt_out: bool = False


@dataclass(frozen=True)
class Drawn:
    """An eligible occurrence whose arm is drawn and not on record yet."""

    program: tuple[str, int]
    occurrence_key: str
    person_id: str
    arm_key: str
    eligible_at: datetime


@dataclass(frozen=True)
class Facts:
    """What the gates look at, as of the snapshot in force."""

    contacts: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    person_keys: Mapping[str, PersonKeys] = field(default_factory=dict)
    consents: Mapping[tuple[str, str, str], Consent] = field(default_factory=dict)
    open_inquiries: frozenset[str] = frozenset()
    drawn: tuple[Drawn, ...] = ()
    last_sale_at: Mapping[str, datetime] = field(default_factory=dict)
    closed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Snapshot:
    """One snapshot's two files, verified by their sha256 when they were named."""

    snapshot_id: str
    shop_id: str
    published: Path
    private: Path

    def segment(self, key: str) -> Segment:
        """One segment's rows. Raises: SnapshotMissing if it was not published."""
        table = f"seg_{checked_id(key, what='segment')}"
        with _reader(self.published) as connection:
            found = connection.execute(
                "select meta from catalogue_models where model_name = ?", [table]
            ).fetchone()
            if found is None:
                raise SnapshotMissing(f"snapshot {self.snapshot_id} has no {table}: run dbt first")
            # The name stands in the catalogue and matches the pattern of ids.
            cursor = connection.execute(
                f'select * from "{table}" where shop_id = ?',  # noqa: S608 - checked above
                [self.shop_id],
            )
            names = [str(column[0]) for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        meta = json.loads(found[0] or "{}").get("segment") or {}
        rest = [n for n in names if n not in CORE and n != "shop_id"]
        named = meta.get("columns")
        # Which source the content came from is reported later, so it leaves with every segment.
        leaves = ["content_source", *named] if named else rest
        content = tuple(n for n in leaves if n in rest)
        return Segment(key, tuple(_member(row, rest) for row in rows), content, meta)

    def facts(self, pepper: bytes) -> Facts:
        """Addresses, keys and gate facts. Raises: SnapshotMissing if a table is not there."""
        try:
            with _reader(self.private) as private, _reader(self.published) as published:
                return _facts(private, published, shop_id=self.shop_id, pepper=pepper)
        except duckdb.CatalogException as error:
            raise SnapshotMissing(
                f"snapshot {self.snapshot_id} lacks a table every export needs: {error}"
            ) from error


def open_snapshot(home: Home, shop_id: str, *, snapshot_id: str | None = None) -> Snapshot:
    """The snapshot in force, or a kept older one by its id, with both files verified.

    Raises: SnapshotMissing where there is none, it is another shop's, or a byte differs.
    """
    pointer = home.published / "CURRENT.json"
    if not pointer.is_file():
        raise SnapshotMissing("nothing is published yet: run the pipeline first")
    current = json.loads(pointer.read_text(encoding="utf-8"))
    chain = [current, *current.get("previous", [])]
    wanted = [entry for entry in chain if snapshot_id in (None, entry["snapshot_id"])]
    if not wanted:
        raise SnapshotMissing(f"snapshot {snapshot_id} is no longer kept; ask for the current one")
    entry = wanted[0]
    if entry["shop_id"] != shop_id:
        raise SnapshotMissing(f"this home holds {entry['shop_id']}, not {shop_id}")
    published = _verified(home.published / entry["file"], entry["sha256"])
    private = _verified(home.private / entry["private_file"], entry.get("private_sha256"))
    return Snapshot(entry["snapshot_id"], shop_id, published, private)


def _verified(path: Path, sha256: str | None) -> Path:
    if not path.is_file():
        raise SnapshotMissing(f"{path.name} is named by CURRENT.json and missing: publish again")
    if sha256 is not None:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        if found != sha256:
            raise SnapshotMissing(f"{path.name} is not the file that was published: publish again")
    return path


def _reader(path: Path) -> duckdb.DuckDBPyConnection:
    # read_only alone still reads and writes any file of this user; all three together do not.
    return duckdb.connect(
        str(path),
        read_only=True,
        config={"enable_external_access": "false", "lock_configuration": "true"},
    )


def _member(row: Mapping[str, object], content: Sequence[str]) -> Member:
    return Member(
        person_id=str(row["person_id"]),
        campaign_key=str(row["campaign_key"]),
        campaign_version=int(str(row["campaign_version"])),
        step_number=int(str(row["step_number"])),
        arm_key=str(row["arm_key"] or "send"),
        channel=str(row["channel"]),
        occurrence_key=str(row["occurrence_key"]),
        dedupe_key=str(row["dedupe_key"]),
        qualified_at=_required_at(row["qualified_at"]),
        due_at=_required_at(row["due_at"]),
        valid_until_at=_at(row["valid_until_at"]),
        reason_code=None if row["reason_code"] is None else str(row["reason_code"]),
        is_held_out=bool(row["is_held_out"]),
        content={name: row[name] for name in content},
    )


def _at(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return None


def _required_at(value: object) -> datetime:
    found = _at(value)
    if found is None:
        raise SnapshotMissing("a segment row lacks qualified_at or due_at: its contract is broken")
    return found


def _facts(
    private: duckdb.DuckDBPyConnection,
    published: duckdb.DuckDBPyConnection,
    *,
    shop_id: str,
    pepper: bytes,
) -> Facts:
    def rows(connection: duckdb.DuckDBPyConnection, query: str) -> Iterator[tuple[object, ...]]:
        cursor = connection.execute(query, [shop_id])
        while batch := cursor.fetchmany(_SHORT):
            yield from batch

    return Facts(
        contacts=_contacts(private, shop_id),
        person_keys=_person_keys(
            rows(
                private,
                "select person_id, key_type, key_value from int_persons__keys where shop_id = ?",
            ),
            pepper,
        ),
        consents={
            (str(person), str(channel), str(purpose)): Consent(
                is_contactable=bool(may),
                block_reason=None if why is None else str(why),
                email_hash=None if hash_ is None else str(hash_),
                has_profiling_opt_out=bool(profiling),
            )
            for person, channel, purpose, may, why, hash_, profiling in rows(
                private,
                "select person_id, channel, purpose, is_contactable, block_reason, email_hash,"
                " has_profiling_opt_out from int_persons__contactable where shop_id = ?",
            )
        },
        open_inquiries=frozenset(
            str(person)
            for (person,) in rows(
                published,
                "select person_id from dim_persons where open_inquiry_count > 0 and shop_id = ?",
            )
        ),
        drawn=tuple(
            Drawn(
                (str(campaign), int(str(version))),
                str(occurrence),
                str(person),
                str(arm),
                _required_at(at),
            )
            for campaign, version, occurrence, person, arm, at in rows(
                published,
                "select campaign_key, campaign_version, occurrence_key, person_id, arm_key,"
                " eligible_at from fct_arm_assignments"
                " where assignment_basis = 'drawn' and shop_id = ?",
            )
        ),
        last_sale_at={
            str(person): _required_at(at)
            for person, at in rows(
                published,
                "select person_id, max(ordered_at) from fct_orders"
                " where is_sale and person_id is not null and shop_id = ? group by person_id",
            )
        },
        closed={
            str(episode): str(reason)
            for episode, reason in rows(
                published,
                "select episode_id, close_reason from fct_cart_episodes"
                " where close_reason is not null and shop_id = ?",
            )
        },
    )


def _contacts(
    private: duckdb.DuckDBPyConnection, shop_id: str
) -> Mapping[str, Mapping[str, object]]:
    cursor = private.execute("select * from dim_person_contacts where shop_id = ?", [shop_id])
    names = [str(column[0]) for column in cursor.description]
    found: dict[str, Mapping[str, object]] = {}
    while batch := cursor.fetchmany(_SHORT):
        for row in batch:
            contact = dict(zip(names, row, strict=True))
            parts = (contact.get("last_name"), contact.get("first_name"))
            contact["name"] = (
                contact.get("name")
                or contact.get("name_full")
                or " ".join(str(part) for part in parts if part)
                or None
            )
            contact["phone"] = contact.get("phone") or contact.get("phone_raw")
            contact["cart_url"] = contact.get("cart_url") or contact.get("recovery_url")
            found[str(contact["person_id"])] = contact
    return found


def _person_keys(rows: Iterator[tuple[object, ...]], pepper: bytes) -> Mapping[str, PersonKeys]:
    # Every id of a merged person, hashed, and every address hash: each of them may carry a guard.
    hashed: dict[str, set[str]] = {}
    for person, kind, value in rows:
        found = hashed.setdefault(str(person), set())
        if kind in ("email_hash", "person_key"):
            found.add(str(value))
        else:
            found.add(keys.person_key(str(value), pepper=pepper))
    return {
        person: keys_of(person, frozenset(found), pepper=pepper) for person, found in hashed.items()
    }


def keys_of(person_id: str, others: frozenset[str], *, pepper: bytes) -> PersonKeys:
    """Keys of one person: the one new claims carry, and all that are looked up."""
    own = keys.person_key(person_id, pepper=pepper)
    return PersonKeys(own, others | {own})
