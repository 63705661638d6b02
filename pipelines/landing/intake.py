"""Doors into landing: a raw file's extract, the program's own rows, settings, the run."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.canonical import TABLES, Table
from pipelines.landing.batch import (
    REFUSED,
    Batch,
    Landed,
    Pending,
    Prepared,
    PreparedFile,
    batch_id_of,
    digest,
)
from pipelines.landing.books import batches, is_booked
from pipelines.landing.extracts import place_of, prepared_tables
from pipelines.landing.facts import ExtractFacts, Judge, Place, ShopFacts
from pipelines.landing.gate import accept, decide, finish, stage
from pipelines.landing.prepare import canonical_rows, naive, row_hashes, with_tail
from pipelines.landing.store import landed_files, locked
from pipelines.settings import Home

_SETTINGS = "settings"


@dataclass(frozen=True)
class Run:
    """The clock and the versions of one run. Instants are aware; `as_of_on` is the shop's date."""

    run_id: str
    shop_id: str
    as_of_at: datetime
    as_of_on: date
    known_at: datetime
    loaded_at: datetime
    settings_version: str
    code_version: str


def new_run(
    shop: ShopFacts,
    *,
    run_id: str,
    as_of_at: datetime,
    known_at: datetime,
    loaded_at: datetime,
    code_version: str,
) -> Run:
    """A run of the shop; its as-of date is counted in the shop's zone."""
    return Run(
        run_id=run_id,
        shop_id=shop.id,
        as_of_at=as_of_at,
        as_of_on=as_of_at.astimezone(ZoneInfo(shop.timezone)).date(),
        known_at=known_at,
        loaded_at=loaded_at,
        settings_version=shop.version,
        code_version=code_version,
    )


def already_landed(home: Home, sha256: str, mapping_version: str, *, source_key: str) -> bool:
    """Whether this file has been landed under this mapping, whatever became of its rows."""
    return is_booked(home, batch_id_of(source_key, sha256, mapping_version))


def prepare(
    home: Home, shop: ShopFacts, extract: ExtractFacts, *, loaded_at: datetime
) -> PreparedFile:
    """Tables of one extract as they will lie. It writes nothing: another process may do it.

    Raises: ConservationBroken when an extract's own counts do not add up.
    """
    batch = Batch(
        batch_id=batch_id_of(extract.source_key, extract.sha256, extract.mapping_version),
        shop_id=shop.id,
        source=extract.source_key,
        loaded_at=loaded_at,
        file_name=extract.file_name,
        file_sha256=extract.sha256,
        file_bytes=extract.nbytes,
        encoding=extract.encoding,
    )
    tables = prepared_tables(extract, batch, place=place_of(home, shop))
    return PreparedFile(batch, tuple(tables))


def pending(home: Home, prepared: PreparedFile) -> list[Pending]:
    """Its tables, waiting. Call it inside `with locked(home)`. Raises: NotLocked."""
    return stage(home, prepared.batch, prepared.tables)


def land_file(home: Home, prepared: PreparedFile, *, judge: Judge) -> Landed:
    """What became of one file: every table accepted or shelved as `judge` says, all in one step.

    Running it again changes nothing.
    """
    batch_id = prepared.batch.batch_id
    with locked(home):
        if is_booked(home, batch_id):
            return Landed(batch_id, is_new=False)
        waiting = pending(home, prepared)
        if not waiting:
            return Landed(batch_id, is_new=False)
        return finish(home, prepared.batch, [decide(one, judge) for one in waiting])


def write_rows(
    home: Home,
    table: str,
    frame: pl.DataFrame,
    *,
    source: str,
    loaded_at: datetime,
    zone: str | None = None,
    judge: Judge | None = None,
) -> Landed:
    """What became of rows the program itself brings: a canonical frame with its `shop_id`.

    `zone` computes the `_on` columns; without it they must be in the frame. Rows that are no news
    are left out; `is_new` is False when none was. Judged only where a `judge` is given.
    """
    with locked(home):
        part = _own_rows(home, table, frame, zone=zone, source=source, loaded_at=loaded_at)
        batch, prepared = part
        waiting = stage(home, batch, [prepared])
        if not any(one.files for one in waiting) or frame.is_empty():
            return Landed(batch.batch_id, is_new=False)
        decisions = [accept(one) if judge is None else decide(one, judge) for one in waiting]
        return finish(home, batch, decisions, booked=not TABLES[table].internal)


def _own_rows(
    home: Home,
    table: str,
    frame: pl.DataFrame,
    *,
    zone: str | None,
    source: str,
    loaded_at: datetime,
) -> tuple[Batch, Prepared]:
    definition = TABLES[table]
    place = Place(shop_id=None, zone=zone, pepper=home.pepper)
    rows = canonical_rows(frame, definition, place=place)
    batch = Batch(
        # The number of files before it keeps A, B, A under one frozen clock three batches.
        batch_id=digest(
            source,
            table,
            *row_hashes(rows, definition).to_list(),
            naive(loaded_at).isoformat(),
            str(len(landed_files(home, table))),
        ),
        shop_id=rows["shop_id"][0] if rows.height else "",
        source=source,
        loaded_at=loaded_at,
    )
    tailed = with_tail(rows, definition, origin=batch.origin, loaded_at=loaded_at)
    return batch, Prepared(definition, tailed, tailed.height, 0, pl.DataFrame(schema=REFUSED))


def land_run(home: Home, run: Run) -> Landed:
    """The run's one row in `runs`: "now" for everything dbt computes."""
    row = asdict(run)
    loaded_at = row.pop("loaded_at")
    columns = {column.name: column.dtype for column in TABLES["runs"].columns}
    frame = pl.DataFrame(
        [{**row, "as_of_at": naive(run.as_of_at), "known_at": naive(run.known_at)}],
        schema=columns,
    )
    return write_rows(home, "runs", frame, source="run", loaded_at=loaded_at)


def land_settings(home: Home, tables: Mapping[str, pl.DataFrame], *, loaded_at: datetime) -> Landed:
    """Settings as one whole batch; content equal to the newest landed settings lands nothing.

    Every table is landed whole, rows that did not change included, so that a row taken out of
    shop.yml is gone: settings in force are the rows of the newest settings batch.
    """
    with locked(home):
        rows = {
            name: canonical_rows(
                frame, TABLES[name], place=Place(shop_id=None, zone=None, pepper=home.pepper)
            )
            for name, frame in sorted(tables.items())
        }
        content = digest(*_content(rows))
        if content == _settings_in_force(home):
            return Landed(content, is_new=False)
        batch = Batch(
            batch_id=digest(_SETTINGS, content, naive(loaded_at).isoformat()),
            shop_id=rows["shops"]["shop_id"][0],
            source=_SETTINGS,
            loaded_at=loaded_at,
            file_sha256=content,
        )
        parts = [_settings_part(frame, TABLES[name], batch) for name, frame in rows.items()]
        waiting = stage(home, batch, parts, whole=True)
        return finish(home, batch, [accept(one) for one in waiting])


def _content(rows: Mapping[str, pl.DataFrame]) -> list[str]:
    return [
        text
        for name, frame in rows.items()
        for text in (name, *sorted(row_hashes(frame, TABLES[name]).to_list()))
    ]


def _settings_in_force(home: Home) -> str | None:
    known = batches(home).filter(pl.col("source_key") == _SETTINGS)
    return None if known.is_empty() else known["file_sha256"][-1]


def _settings_part(rows: pl.DataFrame, table: Table, batch: Batch) -> Prepared:
    tailed = with_tail(rows, table, origin=batch.origin, loaded_at=batch.loaded_at)
    return Prepared(table, tailed, tailed.height, 0, pl.DataFrame(schema=REFUSED))
