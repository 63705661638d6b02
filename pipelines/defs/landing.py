"""Landing: every new file of the shop extracted, judged and landed, then settings and the run."""

import logging
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import dagster as dg
import polars as pl

from pipelines import contracts, exports, landing, requests, sources
from pipelines.canonical import CAPABILITIES, TABLES
from pipelines.defs.reader import read_file
from pipelines.defs.street import Street
from pipelines.run_state import Stage
from pipelines.shop import Source, pepper_of, settings_tables

log = logging.getLogger("okaeri")

SPECS = [
    dg.AssetSpec(
        ["landing", table.name],
        group_name="landing",
        kinds={"parquet"},
        owners=["team:okaeri"],
        description=f"Landed versions of {table.name}, one row per {' + '.join(table.key)}.",
    )
    for table in TABLES.values()
]
CONTRACTS = [
    dg.AssetCheckSpec(
        "contract", asset=["landing", table.name], description="No batch of this run was refused."
    )
    for table in TABLES.values()
    if not table.internal
]


class BatchRefused(Exception):
    """A batch broke its contract and the shop asked to stop on that."""


@dg.multi_asset(name="landed_tables", specs=SPECS, check_specs=CONTRACTS)
def landed_tables(street: Street) -> Iterator[dg.MaterializeResult[None]]:
    """Every canonical table: new files, settings, the ledger as it came back, and the run."""
    entries = land(street)
    street.reach(Stage.BOOKS)
    for table in TABLES.values():
        own = [entry for entry in entries if entry.table == table.name]
        counts = {
            "rows_read": sum(entry.rows_read for entry in own),
            "rows_landed": sum(entry.rows_landed for entry in own),
            "rows_rejected": sum(entry.rows_rejected for entry in own),
            "rows_duplicate": sum(entry.rows_duplicate for entry in own),
        }
        refused = [entry for entry in own if entry.state == "failed"]
        check = dg.AssetCheckResult(
            asset_key=["landing", table.name],
            check_name="contract",
            passed=not refused,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"refused_batches": len(refused), "reasons": str(_reasons(refused))},
        )
        yield dg.MaterializeResult(
            asset_key=["landing", table.name],
            metadata=counts,
            check_results=[] if table.internal else [check],
        )


@dg.asset_check(asset=["landing", "source_batches"], blocking=True)
def rows_are_conserved(street: Street) -> dg.AssetCheckResult:
    """In = landed + rejected + declared duplicates, counted again from what lies on the disk."""
    books = landing.conservation(street.home)
    broken = books.filter(books["difference"] != 0)
    if broken.is_empty():
        street.reach(Stage.BUILD)
    return dg.AssetCheckResult(
        passed=broken.is_empty(), metadata={"batches": books.height, "broken": broken.height}
    )


def land(street: Street) -> list[landing.Entry]:
    """Books of everything this run landed, one entry per table and batch.

    Raises: BatchRefused when a source with `on_bad_batch: stop` brought a refused batch.
    """
    landing.ensure_all_tables(street.home)
    entries: list[landing.Entry] = []
    for source, file, read in _read_ahead(street, list(_new_files(street))):
        entries += _land_file(street, source, file, read=read)
    _land_own_tables(street)
    landing.land_run(street.home, street.run)
    return entries


def _new_files(street: Street) -> Iterator[tuple[Source, Path]]:
    """Files no run has landed yet under their mapping.

    Raises: BatchRefused for a file an earlier run refused, where the shop asked to stop on that.
    """
    for source in street.sources:
        for file in sources.files_of(street.shop, source):
            try:
                sha256, version = sources.identity(file, source, shop=street.shop)
            except sources.FileRefused:
                # Reading it says why.
                yield source, file
                continue
            if not landing.already_landed(street.home, sha256, version, source_key=source.key):
                yield source, file
            elif source.on_bad_batch == "stop":
                _stop_if_refused(street, file, landing.batches_of(street.home, sha256))


def _stop_if_refused(street: Street, file: Path, states: Mapping[str, str]) -> None:
    refused = sorted(table for table, state in states.items() if state == "failed")
    if refused:
        raise BatchRefused(
            f"{file}: {', '.join(refused)} broke the contract; rows and reasons are in "
            f"{street.home.rejected}. Repair the file, or set on_bad_batch: continue."
        )


def _read_ahead(
    street: Street, files: Sequence[tuple[Source, Path]]
) -> Iterator[tuple[Source, Path, landing.PreparedFile | str]]:
    """Each file with what it gives, or why it is refused; the next ones are read meanwhile."""
    if not files:
        return
    # The shop's key is made at first use: by this process, not by two at once, and before anything
    # has landed, as a home that holds rows and no key has lost it. A demo has one beside its own.
    pepper_of(street.shop, street.home)
    _ = street.home.pepper
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
        read = partial(read_file, home=street.home, loaded_at=street.run.loaded_at)
        ahead = deque(
            (source, file, pool.submit(read, street.shop_file, source, file))
            for source, file in files[:2]
        )
        contracts.warm_up()
        rest = iter(files[2:])
        while ahead:
            source, file, future = ahead.popleft()
            try:
                given = future.result()
            except BrokenProcessPool:
                raise sources.FileRefused(
                    file.name, "reading it ended the reader", "Take it out and look at it."
                ) from None
            following = next(rest, None)
            if following is not None:
                ahead.append((*following, pool.submit(read, street.shop_file, *following)))
            yield source, file, given


def _land_file(
    street: Street, source: Source, file: Path, *, read: landing.PreparedFile | str
) -> tuple[landing.Entry, ...]:
    """Books of one file: landed, or on the shelf.

    Raises: BatchRefused when it is refused and the source says to stop on that.
    """
    home, shop, loaded_at = street.home, street.shop, street.run.loaded_at
    started = time.monotonic()
    if isinstance(read, str):
        log.warning("%s", read)
        if source.on_bad_batch == "stop":
            raise BatchRefused(read)
        return landing.shelve_file(
            home, shop, file, source_key=source.key, refusal=read, loaded_at=loaded_at
        ).entries
    landing.archive_raw(home, file, sha256=str(read.batch.file_sha256))
    landed = landing.land_file(home, read, judge=contracts.judge)
    log.info("%s: %s in %.1f s", file.name, _said(landed.entries), time.monotonic() - started)
    if source.on_bad_batch == "stop":
        _stop_if_refused(street, file, {entry.table: entry.state for entry in landed.entries})
    return landed.entries


def _said(entries: Iterable[landing.Entry]) -> str:
    parts = []
    for entry in entries:
        left_out = [
            f"{count:,} {word}"
            for count, word in ((entry.rows_rejected, "rejected"), (entry.rows_duplicate, "known"))
            if count
        ]
        parts.append(", ".join([f"{entry.rows_landed:,} {entry.table}", *left_out]))
    return "; ".join(parts)


def _land_own_tables(street: Street) -> None:
    """Settings; refusals and other ledgers' history into the ledger; and it as it comes back.

    Both are taken over whole each time: a run that died half-way must not lose one.
    """
    home, shop, loaded_at = street.home, street.shop, street.run.loaded_at
    tables = settings_tables(shop, status_defaults=sources.status_defaults(shop))
    tables["capabilities"] = _capabilities(street)
    landing.land_settings(home, tables, loaded_at=loaded_at)
    exports.import_suppressions(home, shop, landing.read_table(home, "suppressions"))
    exports.import_mail_events(
        home, landing.read_table(home, "mail_events"), now=shop.clock or loaded_at
    )
    exports.import_claims(
        home, landing.read_table(home, "export_batches"), landing.read_table(home, "export_claims")
    )
    exports.import_arms(home, landing.read_table(home, "arm_records"))
    _stop_people(street)
    landing.write_rows(
        home, "mail_results_summary", exports.typed_results(home, shop), source="typed",
        loaded_at=loaded_at, zone=shop.timezone,
    )  # fmt: skip
    landing.write_rows(
        home, "shop_screen_months", requests.screen_rows(home, shop.id), source="typed",
        loaded_at=loaded_at,
    )  # fmt: skip
    for table, frame in exports.ledger_tables(home, shop).items():
        landing.write_rows(
            home, table, frame, source="ledger", loaded_at=loaded_at, zone=shop.timezone
        )


def _stop_people(street: Street) -> None:
    """Whom a screen stopped, into the ledger, so that this build's numbers know of it.

    A run mends damaged snapshots, so that one is no reason to end it: the block waits, and nothing
    is handed over before it.
    """
    home, shop = street.home, street.shop
    try:
        exports.carry_out_blocks(home, shop, now=shop.clock or street.run.loaded_at)
    except exports.ExportRefused as refusal:
        log.warning("people stopped by hand wait for the next hand-over: %s", refusal)


def _capabilities(street: Street) -> pl.DataFrame:
    """What each source gives and has given so far. Shape: one row per source and entity."""
    shop = street.shop
    promised = [
        {"source_key": source.key, "entity": entity, "support": support, "basis": basis}
        | {"shop_id": shop.id, "zone": source.zone or shop.timezone}
        for source in street.sources
        for entity, support, basis in sources.capabilities_of(shop, source)
    ]
    columns = {column.name: column.dtype for column in CAPABILITIES.columns}
    windows = (
        landing.batches(street.home)
        .group_by("source_key", "entity")
        .agg(pl.col("window_from_at").min(), pl.col("window_to_at").max().alias("latest_data_at"))
        .with_columns(
            pl.col("window_from_at")
            .dt.replace_time_zone("UTC")
            .dt.convert_time_zone(shop.timezone)
            .dt.date()
            .alias("history_from_on")
        )
    )
    frame = pl.DataFrame(promised, schema_overrides=columns, infer_schema_length=None)
    if frame.is_empty():
        return pl.DataFrame(schema=columns)
    return frame.join(windows, on=["source_key", "entity"], how="left", validate="1:1").select(
        pl.col(name).cast(dtype) for name, dtype in columns.items()
    )


def _reasons(entries: Iterable[landing.Entry]) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for entry in entries:
        counted.update(dict(entry.reasons))
    return dict(counted)
