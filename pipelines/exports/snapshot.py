"""The published and the private file of one snapshot, read once, locked down, never written.

What comes out is plain: the members of a segment, and through `facts` what the gates look at.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import duckdb

from pipelines.conditions import Basis, BasisMissing, Where, basis_of
from pipelines.exports.errors import SnapshotMissing
from pipelines.exports.facts import (
    Facts,
    Received,
    instant,
    read_facts,
    received,
    required_instant,
)
from pipelines.requests import checked_id
from pipelines.settings import Home

# The part of the segment contract that decides; every other column is content for the file.
CORE: Final = (
    "person_id", "campaign_key", "campaign_version", "step_number", "arm_key", "channel",
    "occurrence_key", "dedupe_key", "qualified_at", "due_at", "valid_until_at", "reason_code",
    "is_held_out",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
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
    # Of a saved segment: what it is a part of, as which campaign, at which version and digest.
    part_of: str | None = None
    campaign_key: str | None = None
    version: int | None = None
    digest: str | None = None

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
class Snapshot:
    """One snapshot's two files, verified by their sha256 when they were named."""

    snapshot_id: str
    shop_id: str
    published: Path
    private: Path

    def basis(self) -> Basis:
        """What conditions are asked of. Raises: SnapshotMissing for a file of an older version."""
        try:
            with _reader(self.published) as connection:
                return basis_of(connection)
        except BasisMissing as error:
            raise SnapshotMissing(str(error)) from error

    def campaigns(self, key: str) -> tuple[str, ...]:
        """Campaigns with a row in a published segment, sorted."""
        table = f"seg_{checked_id(key, what='segment')}"
        with _reader(self.published) as connection:
            found = connection.execute(
                f'select distinct campaign_key from "{table}" where shop_id = ? order by 1',  # noqa: S608 - checked above
                [self.shop_id],
            ).fetchall()
        return tuple(str(campaign) for (campaign,) in found)

    def segment(self, key: str, *, among: Where | None = None) -> Segment:
        """One segment's rows, or those of them whose person a statement finds.

        Raises: SnapshotMissing if it was not published.
        """
        table = f"seg_{checked_id(key, what='segment')}"
        with _reader(self.published) as connection:
            found = connection.execute(
                "select meta from catalogue_models where model_name = ?", [table]
            ).fetchone()
            if found is None:
                raise SnapshotMissing(
                    f"snapshot {self.snapshot_id} has no segment {key!r}; "
                    f"it has: {', '.join(_segments(connection)) or 'none'}"
                )
            narrower = "" if among is None else f" and person_id in ({among.text})"
            # The name stands in the catalogue and matches the pattern of ids.
            cursor = connection.execute(
                f'select * from "{table}" where shop_id = ?{narrower}',  # noqa: S608 - checked above
                [self.shop_id, *(() if among is None else among.values)],
            )
            names = [str(column[0]) for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        meta = json.loads(found[0] or "{}").get("segment") or {}
        missing = [name for name in CORE if name not in names]
        if missing:
            raise SnapshotMissing(f"{table} lacks {', '.join(missing)}: it breaks the contract")
        rest = [n for n in names if n not in CORE and n != "shop_id"]
        named = meta.get("columns")
        # Which source the content came from is reported later, so it leaves with every segment.
        leaves = ["content_source", *named] if named else rest
        content = tuple(n for n in leaves if n in rest)
        return Segment(key, tuple(_member(row, rest) for row in rows), content, meta)

    def facts(self, pepper: bytes) -> Facts:
        """Addresses, keys and gate facts. Raises: SnapshotMissing if a table is not there."""
        return _facts(self, pepper)


# Several campaigns of one run are handed over from one snapshot, which never changes.
@lru_cache(maxsize=1)
def _facts(snapshot: Snapshot, pepper: bytes) -> Facts:
    try:
        with _reader(snapshot.private) as private, _reader(snapshot.published) as published:
            return read_facts(private, published, shop_id=snapshot.shop_id, pepper=pepper)
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise SnapshotMissing(
            f"snapshot {snapshot.snapshot_id} lacks what every export needs: {error}"
        ) from error


def deliverability(home: Home, shop_id: str) -> Mapping[str, Received]:
    """Destination → how its mail of the last 30 days was received, as of the snapshot in force.

    Raises: SnapshotMissing.
    """
    snapshot = open_snapshot(home, shop_id)
    with _reader(snapshot.published) as connection:
        return received(connection, shop_id)


def unmatched(home: Home, shop_id: str) -> Mapping[str, tuple[int, int]]:
    """Mailer → its results that belong to no message of ours, and all of them.

    Shape: the 30 dates that end with the newest result. Raises: SnapshotMissing.
    """
    query = (
        "select provider, count(case when match_basis = 'none' then 1 end), count(*)"
        " from fct_mail_events where shop_id = $shop and occurred_on >"
        " (select max(occurred_on) - 30 from fct_mail_events where shop_id = $shop)"
        " group by provider order by provider"
    )
    snapshot = open_snapshot(home, shop_id)
    with _reader(snapshot.published) as connection:
        found = connection.execute(query, {"shop": shop_id}).fetchall()
    return {str(provider): (int(lost), int(every)) for provider, lost, every in found}


def published_segments(home: Home) -> tuple[str, ...]:
    """Keys of the segments of the snapshot in force, sorted. Raises: SnapshotMissing.

    Names only: the bytes are verified when somebody of them is to be handed over.
    """
    path = home.published / _pointer(home)["file"]
    if not path.is_file():
        raise SnapshotMissing(f"{path.name} is named by CURRENT.json and missing: publish again")
    with _reader(path) as connection:
        return _segments(connection)


def open_snapshot(home: Home, shop_id: str, *, snapshot_id: str | None = None) -> Snapshot:
    """The snapshot in force, or a kept older one by its id, with both files verified.

    Raises: SnapshotMissing where there is none, it is another shop's, or a byte differs.
    """
    current = _pointer(home)
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


def _pointer(home: Home) -> Mapping[str, Any]:
    pointer = home.published / "CURRENT.json"
    if not pointer.is_file():
        raise SnapshotMissing("nothing is published yet: run `okaeri run` first")
    found: Mapping[str, Any] = json.loads(pointer.read_text(encoding="utf-8"))
    return found


def _segments(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    found = connection.execute("select model_name from catalogue_models").fetchall()
    return tuple(sorted(str(n).removeprefix("seg_") for (n,) in found if str(n).startswith("seg_")))


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
        qualified_at=required_instant(row["qualified_at"]),
        due_at=required_instant(row["due_at"]),
        valid_until_at=instant(row["valid_until_at"]),
        reason_code=None if row["reason_code"] is None else str(row["reason_code"]),
        is_held_out=bool(row["is_held_out"]),
        content={name: row[name] for name in content},
    )
