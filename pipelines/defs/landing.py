"""Landing: every new file of the shop extracted, judged and landed, then settings and the run."""

import logging
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import dagster as dg
import polars as pl

from pipelines import contracts, exports, landing, sources
from pipelines.canonical import CAPABILITIES, TABLES
from pipelines.defs.street import Street
from pipelines.shop import Source, settings_tables

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
    return dg.AssetCheckResult(
        passed=broken.is_empty(), metadata={"batches": books.height, "broken": broken.height}
    )


def land(street: Street) -> list[landing.Entry]:
    """Books of everything this run landed, one entry per table and batch.

    Raises: BatchRefused when a source with `on_bad_batch: stop` brought a refused batch.
    """
    landing.ensure_all_tables(street.home)
    entries: list[landing.Entry] = []
    for source in street.shop.sources:
        for file in sources.files_of(street.shop, source):
            entries += _land_file(street, source, file)
    _land_own_tables(street)
    landing.land_run(street.home, street.run)
    return entries


def _land_file(street: Street, source: Source, file: Path) -> tuple[landing.Entry, ...]:
    """Books of one file; none when it was landed before under the same mapping."""
    home, shop, loaded_at = street.home, street.shop, street.run.loaded_at
    started = time.monotonic()
    try:
        sha256, version = sources.identity(file, source, shop=shop)
        if landing.already_landed(home, sha256, version, source_key=source.key):
            return ()
        extract = sources.extract_file(
            file, source, zone=shop.timezone, currency=shop.currency, folder=shop.folder
        )
    except sources.FileRefused as refusal:
        log.warning("%s", refusal)
        if source.on_bad_batch == "stop":
            raise
        return landing.shelve_file(
            home, shop, file, source_key=source.key, refusal=str(refusal), loaded_at=loaded_at
        ).entries
    landing.archive_raw(home, file, sha256=extract.sha256)
    landed = landing.land_file(home, shop, extract, judge=contracts.judge, loaded_at=loaded_at)
    log.info("%s: %s in %.1f s", file.name, _said(landed.entries), time.monotonic() - started)
    refused = [entry for entry in landed.entries if entry.state == "failed"]
    if refused and source.on_bad_batch == "stop":
        tables = ", ".join(entry.table for entry in refused)
        raise BatchRefused(
            f"{file}: {tables} broke the contract ({_reasons(refused)}); the batch is in "
            f"{home.rejected}. Repair the file, or set on_bad_batch: continue."
        )
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
    for table, frame in exports.ledger_tables(home, shop).items():
        landing.write_rows(
            home, table, frame, source="ledger", loaded_at=loaded_at, zone=shop.timezone
        )


def _capabilities(street: Street) -> pl.DataFrame:
    """What each source gives and has given so far. Shape: one row per source and entity."""
    shop = street.shop
    promised = [
        {"source_key": source.key, "entity": entity, "support": support, "basis": basis}
        | {"shop_id": shop.id, "zone": source.zone or shop.timezone}
        for source in shop.sources
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
