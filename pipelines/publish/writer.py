"""Writes one snapshot: two database files under new names, then the pointer."""

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Final

import duckdb

from pipelines.publish.content import (
    Content,
    RunFacts,
    ShopFacts,
    build_connection,
    content_of,
    facts_of,
    literal,
    mark_of,
    quoted,
    relation_of,
)
from pipelines.publish.errors import PersonalDataExposed, PublishError
from pipelines.publish.manifest import Model, read_catalogue
from pipelines.publish.pointer import (
    KEPT_SNAPSHOTS,
    Pointer,
    TableMark,
    pointer_if_whole,
    sha256_of,
    to_disk,
    write_pointer,
)
from pipelines.publish.reader import is_whole, locked_connection
from pipelines.settings import DBT_PROJECT, Home

# One row per column with a receipt; the columns are those of `manifest.Metric`.
METRICS: Final = """
create table catalogue_metrics (
    model_name varchar, column_name varchar, kind varchar, numerator varchar, denominator varchar,
    unit varchar, format varchar, is_additive boolean, time_window varchar, maturity varchar,
    description varchar, description_ja varchar
)
"""


@dataclass(frozen=True)
class Snapshot:
    """What is in force after a publish. `is_new` is False when the content was published before."""

    snapshot_id: str
    path: Path
    private_path: Path
    is_new: bool
    tables: Mapping[str, tuple[int, str]]


def publish(
    home: Home, *, shop: ShopFacts, run: RunFacts, manifest: Path | None = None
) -> Snapshot:
    """The snapshot in force afterwards; the same one, pointer untouched, for the same content.

    `manifest` is dbt's `manifest.json`, by default in the target folder of the project.
    Raises: BuildNotClosed, CatalogueIncomplete, PersonalDataExposed. Whatever is raised, the
    pointer still names the last good snapshot.
    """
    catalogue = read_catalogue(manifest or DBT_PROJECT / "target" / "manifest.json")
    home.published.mkdir(parents=True, exist_ok=True)
    home.private.mkdir(parents=True, exist_ok=True, mode=0o700)
    home.private.chmod(0o700)
    with _alone(home.published), closing(build_connection(home.warehouse)) as build:
        content = content_of(build, catalogue, facts=facts_of(shop, run))
        current = pointer_if_whole(home.published)
        if current is not None and _is_in_force(home, current, content.snapshot_id):
            return _snapshot(home, current, is_new=False)
        pointer = _write(home, build, content)
        older = [p for p in (current.chain() if current else ()) if p.file != pointer.file]
        kept = tuple(replace(p, previous=()) for p in older[: KEPT_SNAPSHOTS - 1])
        pointer = replace(pointer, previous=kept)
        write_pointer(home.published, pointer)
        _drop_old(home, pointer)
    return _snapshot(home, pointer, is_new=True)


def _is_in_force(home: Home, current: Pointer, snapshot_id: str) -> bool:
    """Whether this very content is published and both its files are whole."""
    return (
        current.snapshot_id == snapshot_id
        and is_whole(home.published / current.file, current.sha256)
        and is_whole(home.private / current.private_file, current.private_sha256)
    )


def _snapshot(home: Home, pointer: Pointer, *, is_new: bool) -> Snapshot:
    """The caller's view of a pointer."""
    return Snapshot(
        snapshot_id=pointer.snapshot_id,
        path=home.published / pointer.file,
        private_path=home.private / pointer.private_file,
        is_new=is_new,
        tables={name: (mark.rows, mark.hash) for name, mark in pointer.tables.items()},
    )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No second publisher in this folder, in whatever process, until the block ends."""
    with (folder / ".lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _write(home: Home, build: duckdb.DuckDBPyConnection, content: Content) -> Pointer:
    """Pointer of the two files, written, read back and renamed into place."""
    name = f"{content.snapshot_id}.duckdb"
    public, private = home.published / f".{name}.tmp", home.private / f".{name}.tmp"
    for pending in (public, private):
        pending.unlink(missing_ok=True)
        pending.with_name(pending.name + ".wal").unlink(missing_ok=True)
    _write_file(build, public, models=content.catalogue.public + content.catalogue.run)
    _write_catalogue(public, content)
    _write_file(build, private, models=content.catalogue.private)
    private.chmod(0o600)
    _verify(public, content.public)
    _verify(private, content.private)
    for pending, folder in ((public, home.published), (private, home.private)):
        to_disk(pending)
        # A file of this name is left from a crash before the pointer moved: nobody reads it.
        pending.replace(folder / name)
        to_disk(folder)
    facts = content.facts
    return Pointer(
        snapshot_id=content.snapshot_id,
        shop_id=str(facts["shop_id"]),
        is_demo=bool(facts["is_demo"]),
        file=name,
        sha256=sha256_of(home.published / name),
        bytes=(home.published / name).stat().st_size,
        private_file=name,
        private_sha256=sha256_of(home.private / name),
        as_of_at=str(facts["as_of_at"]),
        settings_version=str(facts["settings_version"]),
        code_version=str(facts["code_version"]),
        tables=content.public,
    )


def _write_file(build: duckdb.DuckDBPyConnection, path: Path, *, models: tuple[Model, ...]) -> None:
    """A new database file with the models as plain tables in `main`, closed and checkpointed."""
    build.execute(f"attach {literal(str(path))} as target")
    try:
        for model in models:
            name, source = quoted(model.name), relation_of(model)
            build.execute(f"create table target.main.{name} as select * from {source}")  # noqa: S608 - quoted
        build.execute("checkpoint target")
    finally:
        build.execute("detach target")


def _write_catalogue(path: Path, content: Content) -> None:
    """Descriptions, receipts, the snapshot's own row and the macros added to the pending file."""
    with closing(duckdb.connect(str(path))) as connection:
        # A commit of its own for each of two thousand rows would cost a second.
        connection.begin()
        connection.execute(
            "create table catalogue_models (model_name varchar, schema_name varchar,"
            " description varchar, meta varchar, row_count bigint)"
        )
        connection.execute(
            "create table catalogue_columns (model_name varchar, column_name varchar,"
            " column_position bigint, data_type varchar, description varchar, meta varchar)"
        )
        connection.execute(METRICS)
        for model in content.catalogue.public:
            rows = content.public[model.name].rows
            connection.execute(
                "insert into catalogue_models values (?, ?, ?, ?, ?)",
                [model.name, model.schema, model.description, model.meta, rows],
            )
            _write_columns(connection, model)
            for metric in model.metrics:
                values = [model.name, *astuple(metric)]
                marks = ", ".join("?" for _ in values)
                connection.execute(f"insert into catalogue_metrics values ({marks})", values)  # noqa: S608 - question marks only
        row = {"snapshot_id": content.snapshot_id, **content.facts}
        types = {bool: "boolean", int: "bigint", str: "varchar"}
        columns = ", ".join(f"{quoted(key)} {types[type(value)]}" for key, value in row.items())
        marks = ", ".join("?" for _ in row)
        connection.execute(f"create table catalogue_snapshot ({columns})")
        connection.execute(
            f"insert into catalogue_snapshot values ({marks})",  # noqa: S608 - question marks only
            list(row.values()),
        )
        _write_code(connection, content)
        for name, arguments, text in content.catalogue.macros:
            connection.execute(f"create macro {name}({', '.join(arguments)}) as ({text})")
        connection.commit()


def _write_code(connection: duckdb.DuckDBPyConnection, content: Content) -> None:
    """Compiled SQL of what a report is judged by, one row per model, parents first."""
    connection.execute(
        "create table catalogue_code (code_no bigint, model_name varchar,"
        " relation_name varchar, sql_text varchar)"
    )
    for number, code in enumerate(content.catalogue.code, start=1):
        connection.execute(
            "insert into catalogue_code values (?, ?, ?, ?)", [number, *astuple(code)]
        )


def _write_columns(connection: duckdb.DuckDBPyConnection, model: Model) -> None:
    """One row per column that exists, described or not, in the table's own order."""
    described = {column.name.lower(): column for column in model.columns}
    for position, column in enumerate(
        connection.execute(f"describe main.{quoted(model.name)}").fetchall(), start=1
    ):
        known = described.get(str(column[0]).lower())
        connection.execute(
            "insert into catalogue_columns values (?, ?, ?, ?, ?, ?)",
            [
                model.name,
                column[0],
                position,
                column[1],
                known.description if known else "",
                known.meta if known else "{}",
            ],
        )


def _verify(path: Path, expected: Mapping[str, TableMark]) -> None:
    """Nothing, if the closed file reads back row for row.

    Raises: PublishError, PersonalDataExposed: the file then never gets its name.
    """
    if path.with_name(path.name + ".wal").exists():
        raise PublishError(f"{path} was not checkpointed; publish again")
    with closing(locked_connection(path)) as connection:
        for name, mark in expected.items():
            found = mark_of(connection, f"main.{quoted(name)}")
            if found != mark:
                raise PublishError(f"{name}: {found} was written where the build holds {mark}")
        tables = {str(row[0]) for row in connection.execute("show tables").fetchall()}
    strangers = {t for t in tables - set(expected) if not t.startswith("catalogue_")}
    if strangers:
        raise PersonalDataExposed(f"{path}: unexpected tables {', '.join(sorted(strangers))}")


def _drop_old(home: Home, pointer: Pointer) -> None:
    """Only the kept snapshots remain. Readers that hold an older file keep it until they let go."""
    kept = {p.file for p in pointer.chain()}
    for folder in (home.published, home.private):
        for path in (*folder.glob("*.duckdb"), *folder.glob(".*.duckdb.tmp*")):
            if path.name not in kept:
                path.unlink()
