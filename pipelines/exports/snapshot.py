"""The published and the private file of one snapshot, locked down, never written.

What comes out is columns: the members of a segment, and through `facts` what the gates look at.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]

from pipelines.conditions import Basis, BasisMissing, Where, basis_of
from pipelines.exports.errors import SnapshotMissing
from pipelines.exports.facts import Facts, Received, received
from pipelines.exports.frames import answers, in_utc, owned, reader
from pipelines.requests import checked_id
from pipelines.settings import Home

_INSTANT: Final = pl.Datetime("us")
# The part of the segment contract that decides; every other column is content for the file.
CORE: Final[Mapping[str, pl.DataType | type[pl.DataType]]] = {
    "person_id": pl.String, "campaign_key": pl.String, "campaign_version": pl.Int64,
    "step_number": pl.Int64, "arm_key": pl.String, "channel": pl.String,
    "occurrence_key": pl.String, "qualified_at": _INSTANT, "due_at": _INSTANT,
    "valid_until_at": _INSTANT, "reason_code": pl.String, "is_held_out": pl.Boolean,
}  # fmt: skip
# What each message is named by, for people who read the file: the ledger says it of the parts, so
# a segment that says otherwise would be kept from writing twice otherwise than it means.
_DEDUPE: Final = "dedupe_key"
_IS_OTHER: Final = (
    "dedupe_key is distinct from concat_ws('/', campaign_key, step_number, channel, occurrence_key)"
)
# Of the content, what a gate asks about: it is held with the members.
_ASKED: Final = "content_source"
# Texts of few values, held as numbers: a million members fit into memory by that.
FEW: Final = ("campaign_key", "channel", "arm_key", "reason_code", _ASKED)
# As they stand in a file: newest occurrence first, so that the later of a person's carts is mailed.
_ORDER: Final = "qualified_at desc, dedupe_key, person_id, rowid"
# Members read at once.
_READ: Final = 100_000


@dataclass(frozen=True)
class Table:
    """A segment's table: what its members are to be written."""

    file: Path
    name: str
    content: tuple[str, ...]

    def content_of(self, rows: pl.Series, *, size: int) -> Iterator[pl.DataFrame]:
        """The content columns of these places, in their order, of so many at a time."""
        asked = pl.DataFrame({"asked": rows}).with_row_index("n")
        columns = "".join(f', content."{name}"' for name in self.content)
        with reader(self.file) as connection:
            connection.register("wanted", asked)
            found = connection.execute(
                f"select wanted.n{columns} from wanted"  # noqa: S608 - names of the file's own
                f' join "{self.name}" as content on wanted.asked = content.rowid order by wanted.n'
            )
            for some in answers(found, count=asked.height, size=size):
                yield some.drop("n")


@dataclass(frozen=True)
class Segment:
    """One segment as published: its members, its content columns in order, its `meta.segment`.

    `members`: the columns of `CORE`, `content_source`, and `row`, the place in the table, in the
    order of the file; the columns of `FEW` are categorical. Units: instants naive UTC. What they
    are to be written is read by place, as much as is needed at once.
    """

    key: str
    table: "Table"
    members: pl.DataFrame
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
            with reader(self.published) as connection:
                return basis_of(connection)
        except BasisMissing as error:
            raise SnapshotMissing(str(error)) from error

    def campaigns(self, key: str) -> tuple[str, ...]:
        """Campaigns with a row in a published segment, sorted."""
        table = f"seg_{checked_id(key, what='segment')}"
        with reader(self.published) as connection:
            found = connection.execute(
                f'select distinct campaign_key from "{table}" where shop_id = ? order by 1',  # noqa: S608 - checked above
                [self.shop_id],
            ).fetchall()
        return tuple(str(campaign) for (campaign,) in found)

    def segment(self, key: str, *, among: Where | None = None) -> Segment:
        """One segment's rows, or those of them whose person a statement finds.

        Raises: SnapshotMissing if it was not published, or breaks the contract.
        """
        table = f"seg_{checked_id(key, what='segment')}"
        with reader(self.published) as connection:
            found = connection.execute(
                "select meta from catalogue_models where model_name = ?", [table]
            ).fetchone()
            if found is None:
                raise SnapshotMissing(
                    f"snapshot {self.snapshot_id} has no segment {key!r}; "
                    f"it has: {', '.join(_segments(connection)) or 'none'}"
                )
            # The name stands in the catalogue and matches the pattern of ids.
            columns = connection.execute(f'describe "{table}"').fetchall()
            names = [str(column[0]) for column in columns]
            missing = [name for name in (*CORE, _DEDUPE) if name not in names]
            if missing:
                raise SnapshotMissing(f"{table} lacks {', '.join(missing)}: it breaks the contract")
            self._refuse_other_messages(connection, table)
            asked = [*CORE, *(name for name in (_ASKED,) if name in names)]
            narrower = "" if among is None else f" and person_id in ({among.text})"
            found_members = connection.execute(
                f'select rowid as row, {", ".join(asked)} from "{table}"'  # noqa: S608 - checked above
                f" where shop_id = ?{narrower} order by {_ORDER}",
                [self.shop_id, *(() if among is None else among.values)],
            ).to_arrow_reader(_READ)
            shares = [_members(some) for some in found_members]
            members = pl.concat(shares or [_members(found_members.schema.empty_table())])
        meta = json.loads(found[0] or "{}").get("segment") or {}
        rest = tuple(n for n in names if n not in (*CORE, _DEDUPE, "shop_id"))
        named = meta.get("columns")
        # Which source the content came from is reported later, so it leaves with every segment.
        leaves = [_ASKED, *named] if named else rest
        content = tuple(n for n in leaves if n in rest)
        return Segment(key, Table(self.published, table, rest), members, content, meta)

    def _refuse_other_messages(self, connection: duckdb.DuckDBPyConnection, table: str) -> None:
        query = f'select dedupe_key from "{table}" where shop_id = ? and {_IS_OTHER} limit 1'  # noqa: S608 - checked by the caller
        found = connection.execute(query, [self.shop_id]).fetchone()
        if found is not None:
            raise SnapshotMissing(
                f"{table} calls a message {found[0]!r}, which is not its campaign / step / channel"
                " / occurrence: use the macro dedupe_key"
            )

    def facts(self, pepper: bytes) -> Facts:
        """Addresses, keys and gate facts of whomever is asked about."""
        return Facts(self.snapshot_id, self.shop_id, self.published, self.private, pepper)


def deliverability(home: Home, shop_id: str) -> Mapping[str, Received]:
    """Destination → how its mail of the last 30 days was received, as of the snapshot in force.

    Raises: SnapshotMissing.
    """
    snapshot = open_snapshot(home, shop_id)
    with reader(snapshot.published) as connection:
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
    with reader(snapshot.published) as connection:
        found = connection.execute(query, {"shop": shop_id}).fetchall()
    return {str(provider): (int(lost), int(every)) for provider, lost, every in found}


def published_segments(home: Home) -> tuple[str, ...]:
    """Keys of the segments of the snapshot in force, sorted. Raises: SnapshotMissing.

    Names only: the bytes are verified when somebody of them is to be handed over.
    """
    path = home.published / _pointer(home)["file"]
    if not path.is_file():
        raise SnapshotMissing(f"{path.name} is named by CURRENT.json and missing: publish again")
    with reader(path) as connection:
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
    damaged = SnapshotMissing(f"{pointer} is damaged; `okaeri run` publishes the build again")
    try:
        found = json.loads(pointer.read_text(encoding="utf-8"))
    except ValueError as error:
        raise damaged from error
    if not isinstance(found, dict) or not {"file", "private_file", "sha256"} <= found.keys():
        raise damaged
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


def _members(given: pa.Table | pa.RecordBatch) -> pl.DataFrame:
    found = pl.DataFrame(given)
    if _ASKED not in found.columns:
        found = found.with_columns(pl.lit(None, pl.String).alias(_ASKED))
    typed = in_utc(found).with_columns(pl.col(name).cast(type_) for name, type_ in CORE.items())
    if typed["qualified_at"].has_nulls() or typed["due_at"].has_nulls():
        raise SnapshotMissing(
            "a published row lacks an instant: its contract is broken, build again"
        )
    whole = typed.with_columns(
        pl.when(pl.col("arm_key") != "").then("arm_key").otherwise(pl.lit("send")).alias("arm_key"),
        pl.col("is_held_out").fill_null(value=False),
    )
    return owned(
        whole.with_columns(pl.col(name).cast(pl.String).cast(pl.Categorical) for name in FEW)
    )
