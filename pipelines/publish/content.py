"""What a build holds: its tables' rows and hashes, the run's facts, and the id they make."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Protocol

import duckdb

from pipelines.publish.errors import BuildNotClosed, PublishError
from pipelines.publish.manifest import Catalogue, Model, refuse_personal
from pipelines.publish.pointer import TableMark

# Raised when the shape of the published file changes, so that equal content is written again.
FORMAT: Final = 3


class ShopFacts(Protocol):
    """What publish needs to know of a shop."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def timezone(self) -> str: ...  # noqa: D102
    @property
    def currency(self) -> str: ...  # noqa: D102
    @property
    def is_demo(self) -> bool: ...  # noqa: D102


class RunFacts(Protocol):
    """What publish needs to know of a run. Units: `as_of_at` UTC, aware or naive."""

    @property
    def as_of_at(self) -> dt.datetime: ...  # noqa: D102
    @property
    def settings_version(self) -> str: ...  # noqa: D102
    @property
    def code_version(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class Content:
    """Everything that decides whether two builds are the same snapshot."""

    public: Mapping[str, TableMark]
    private: Mapping[str, TableMark]
    run: Mapping[str, TableMark]
    facts: Mapping[str, str | bool | int]
    catalogue: Catalogue

    @property
    def digest(self) -> str:
        """First 12 hex digits over tables, descriptions, macros and facts."""
        everything = {
            "public": {name: asdict(mark) for name, mark in self.public.items()},
            "private": {name: asdict(mark) for name, mark in self.private.items()},
            "run": {name: asdict(mark) for name, mark in self.run.items()},
            "facts": dict(self.facts),
            "catalogue": asdict(self.catalogue),
        }
        text = json.dumps(everything, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def snapshot_id(self) -> str:
        """As-of instant, then the digest: sorts by time, equal for equal content."""
        stamp = dt.datetime.fromisoformat(str(self.facts["as_of_at"])).strftime("%Y%m%dT%H%M%SZ")
        return f"{stamp}-{self.digest}"


def build_connection(build: Path) -> duckdb.DuckDBPyConnection:
    """In-memory connection with the closed build file attached read-only as `build`.

    Raises: BuildNotClosed. A file with a log beside it opens without a word and may lack the last
    commits, so it is refused here.
    """
    if not build.is_file():
        raise BuildNotClosed(f"{build} is missing: run `dbt build` first")
    if build.with_name(build.name + ".wal").exists():
        raise BuildNotClosed(
            f"{build} has a .wal beside it: dbt is still running or was killed; run dbt again"
        )
    connection = duckdb.connect()
    try:
        connection.execute("set autoinstall_known_extensions = false")
        # As for the build itself: a file a quarter smaller is not worth the seconds.
        connection.execute("set disabled_compression_methods = 'fsst,dict_fsst'")
        connection.execute(f"attach {literal(str(build))} as build (read_only)")
    except duckdb.IOException as error:
        connection.close()
        raise BuildNotClosed(
            f"{build} cannot be read, another process writes it: {error}"
        ) from error
    return connection


def facts_of(shop: ShopFacts, run: RunFacts) -> dict[str, str | bool | int]:
    """The row of `catalogue_snapshot`, without the id. No wall clock: equal runs, equal rows."""
    as_of_at = run.as_of_at
    aware = as_of_at.replace(tzinfo=dt.UTC) if as_of_at.tzinfo is None else as_of_at
    return {
        "format": FORMAT,
        "shop_id": shop.id,
        "shop_name": shop.name,
        "timezone": shop.timezone,
        "currency": shop.currency,
        "is_demo": shop.is_demo,
        "as_of_at": aware.astimezone(dt.UTC).isoformat().replace("+00:00", "Z"),
        "settings_version": run.settings_version,
        "code_version": run.code_version,
    }


def content_of(
    build: duckdb.DuckDBPyConnection, catalogue: Catalogue, *, facts: Mapping[str, str | bool | int]
) -> Content:
    """Rows and hash of every table to publish.

    Raises: PersonalDataExposed for an address column in a public table, whatever the YAML says.
    """
    for model in catalogue.public + catalogue.run:
        columns = build.execute(f"describe {relation_of(model)}").fetchall()
        refuse_personal(model.name, is_tagged=False, columns=tuple(str(c[0]) for c in columns))
    return Content(
        public={m.name: mark_of(build, relation_of(m)) for m in catalogue.public},
        private={m.name: mark_of(build, relation_of(m)) for m in catalogue.private},
        run={m.name: mark_of(build, relation_of(m)) for m in catalogue.run},
        facts=facts,
        catalogue=catalogue,
    )


def relation_of(model: Model) -> str:
    """Quoted name of a model's relation in the attached build."""
    return f"build.{quoted(model.schema)}.{quoted(model.relation)}"


def mark_of(connection: duckdb.DuckDBPyConnection, relation: str) -> TableMark:
    """Row count and order-free hash of a relation, given by its quoted name.

    Invariant: hashed twice and added. DuckDB joins the hashes of a row's columns by xor, so a
    bit_xor of single hashes misses a constant column that changes in an even number of rows, and
    any row that stands there twice.
    """
    try:
        row = connection.execute(
            f"select count(*), coalesce(sum(hash(hash(t))), 0) from {relation} as t"  # noqa: S608 - quoted
        ).fetchone()
    except duckdb.CatalogException as error:
        raise PublishError(f"{relation} is in the manifest, not in the build: {error}") from error
    if row is None:
        raise PublishError(f"{relation}: no count came back")
    return TableMark(rows=int(row[0]), hash=f"{int(row[1]):x}")


def quoted(identifier: str) -> str:
    """Identifier quoted for SQL; identifiers cannot be bound as parameters."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(value: str) -> str:
    """Text literal for SQL, for the statements that take no parameter."""
    return "'" + value.replace("'", "''") + "'"
