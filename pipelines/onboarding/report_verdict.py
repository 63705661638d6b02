"""What a mailer's report would give at the next run: taken in, counts, rates, at once.

The same reading, landing and contracts as a run, in a folder thrown away; then the audit's own
models, as the last run published their SQL, over that landing. Nothing here knows what a rate is.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckdb
import polars as pl

from pipelines import contracts, landing, settings, sources
from pipelines.onboarding.refusals import header_of, told
from pipelines.publish import NothingPublished, open_published
from pipelines.requests import REPORT_KINDS, uploaded_source
from pipelines.settings import Home
from pipelines.shop import Shop, Source, settings_tables

TABLE: Final = "mail_results_summary"
# What one line of a report is known by.
LINE: Final = ("provider", "provider_campaign_id", "as_of_at")
REJECTS_KEPT: Final = 100
AUDIT: Final = "rpt_report_audit"
IDENTITIES: Final = "rpt_report_identities"
_NEWEST: Final = "int_recovery__newest_reports"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Refused:
    """One row that would be left out. `column` is the file's own header where there is one."""

    row: int | None
    column: str | None
    reason: str


@dataclass(frozen=True)
class ReportVerdict:
    """What one file would give. Invariant: read = taken + left out + known.

    `refused`: language → why the whole file is. `fits`: kinds of report its headers are those of.
    `lines`, `rates`, `identities` are rows of the models; `unused_lines` those no figure would
    rest on, for a newer report of the same mail is known. `is_judged` is False before the first
    run: nobody has said yet what a report is held to.
    """

    kind: str
    title: Mapping[str, str]
    fits: tuple[str, ...] = ()
    refused: Mapping[str, str] | None = None
    rows_read: int = 0
    rows_taken: int = 0
    rows_left_out: int = 0
    rows_known: int = 0
    unused_headers: tuple[str, ...] = ()
    rejects: tuple[Refused, ...] = ()
    is_judged: bool = False
    lines: Sequence[Row] = field(default=())
    rates: Sequence[Row] = field(default=())
    identities: Sequence[Row] = field(default=())
    unused_lines: tuple[str, ...] = ()

    @property
    def broken(self) -> list[Row]:
        """Counts and printed rates that do not hold."""
        return [row for row in (*self.identities, *self.rates) if row["is_flagged"]]

    @property
    def is_good(self) -> bool:
        """Whether every row comes in and every figure holds."""
        return self.refused is None and not self.rows_left_out and not self.broken


def judge_report(shop: Shop, file: Path, *, kind: str) -> ReportVerdict:
    """The verdict on one file, read as reports of this kind are.

    Raises: MappingBroken where the mapping itself cannot be used.
    """
    home = settings.home_of(shop.id)
    source = uploaded_source(home, kind)
    mapping = sources.load_mapping(kind, shop.folder)
    title = {"ja": mapping.title.ja, "en": mapping.title.en}
    fits = kinds_of(file)
    try:
        extract = sources.extract_file(
            file, source, zone=shop.timezone, mapping=mapping, currency=shop.currency
        )
    except sources.FileRefused as refusal:
        why = {language: told(refusal, language) for language in ("ja", "en")}
        return ReportVerdict(kind, title, fits, refused=why)
    with TemporaryDirectory(prefix="okaeri-report-") as folder:
        beside = Home(Path(folder) / shop.id)
        landed = _land(home, beside, shop=shop, extract=extract)
        (entry,) = [entry for entry in landed.entries if entry.table == TABLE]
        return ReportVerdict(
            kind,
            title,
            fits,
            rows_read=entry.rows_read,
            rows_taken=entry.rows_landed,
            rows_left_out=entry.rows_rejected,
            rows_known=entry.rows_duplicate,
            unused_headers=tuple(h for h in extract.headers if h not in extract.headers_used),
            rejects=tuple(_rejects(beside, mapping, source, there=extract.headers)),
            **_judged(home, beside, extract=extract),
        )


def _rejects(
    beside: Home, mapping: sources.Mapping, source: Source, *, there: Sequence[str]
) -> Iterator[Refused]:
    """The first rows that mapping or contract refused, by the headers of the file."""
    for row in landing.read_table(beside, "rejects").head(REJECTS_KEPT).to_dicts():
        column = row["column_name"]
        if column:
            column = header_of(column, mapping, source, table=TABLE, there=there)
        yield Refused(row["rejected_row_no"], column, row["reason_code"])


def kinds_of(file: Path) -> tuple[str, ...]:
    """Kinds of report whose telling headers are all in the file, the most telling first."""
    try:
        found = sources.recognise(file)
    except sources.FileRefused:
        # Reading it says why.
        return ()
    return tuple(one.mapping.key for one in found if one.mapping.key in REPORT_KINDS)


def _land(home: Home, beside: Home, *, shop: Shop, extract: sources.Extract) -> landing.Landed:
    """The file in a landing of its own, with the reports known so far, the settings and a run."""
    now = datetime.now(UTC)
    # A key of its own, made while the folder is empty: a report names nobody.
    _ = beside.pepper
    landing.ensure_all_tables(beside)
    for known in landing.landed_files(home, TABLE):
        copy = beside.landing / known.relative_to(home.landing)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(known, copy)
    prepared = landing.prepare(beside, shop, extract, loaded_at=now)
    landed = landing.land_file(beside, prepared, judge=contracts.judge)
    tables = settings_tables(shop, status_defaults=sources.status_defaults(shop))
    landing.land_settings(beside, tables, loaded_at=now)
    run = landing.new_run(
        shop,
        run_id="report",
        as_of_at=shop.clock or now,
        known_at=now,
        loaded_at=now,
        code_version=settings.code_version(),
    )
    landing.land_run(beside, run)
    return landed


def _judged(home: Home, beside: Home, *, extract: sources.Extract) -> dict[str, Any]:
    """What the audit's models say of the file's lines; empty before the first run."""
    code = _code(home)
    if not code:
        return {}
    (batch,) = [batch for batch in extract.batches if batch.table == TABLE]
    given = batch.frame.select(*LINE, "label").unique(subset=LINE, maintain_order=True)
    with duckdb.connect(":memory:", config={"home_directory": str(beside.path)}) as warehouse:
        warehouse.execute("set timezone = 'UTC'")
        warehouse.execute("attach ':memory:' as build")
        relations = dict(_built(warehouse, code))
        newest = warehouse.table(relations[_NEWEST]).pl()
        own = newest.join(given.select(LINE), on=list(LINE), how="semi")
        lines = own.sort("campaign_key", "step_number", "provider_campaign_id", nulls_last=True)
        names = own.select("provider", "provider_campaign_id", "as_of_on").unique()
        audit, identities = (warehouse.table(relations[name]).pl() for name in (AUDIT, IDENTITIES))
    left = given.join(newest, on=list(LINE), how="anti")
    return {
        "is_judged": True,
        "lines": lines.to_dicts(),
        "rates": _of(names, audit),
        "identities": _of(names, identities),
        "unused_lines": tuple(left["label"].fill_null("—").to_list()),
    }


def _of(names: pl.DataFrame, report: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows of an audit about these lines, in the order the page has them."""
    lines = names.select(
        report_line=pl.format("{}|{}|{}", "provider", "provider_campaign_id", "as_of_on")
    )
    key = "rate_key" if "rate_key" in report.columns else "identity_key"
    mine = report.join(lines, on="report_line", how="semi")
    return mine.sort("is_flagged", "report_line", key, descending=[True, False, False]).to_dicts()


def _code(home: Home) -> list[tuple[str, str, str]]:
    """Name, relation and SQL of the audit's models, parents first, as the last run built them."""
    query = "select model_name, relation_name, sql_text from catalogue_code order by code_no"
    try:
        with open_published(home) as connection:
            return connection.execute(query).fetchall()
    except (NothingPublished, duckdb.CatalogException):
        # Nothing yet, or published before the code was kept.
        return []


def _built(
    warehouse: duckdb.DuckDBPyConnection, code: Sequence[tuple[str, str, str]]
) -> Iterator[tuple[str, str]]:
    """Each model as a table, and what it is called."""
    for name, relation, text in code:
        schema = relation.rpartition(".")[0]
        warehouse.execute(f"create schema if not exists {schema}")
        warehouse.execute(f"create table {relation} as (\n{text}\n)")
        yield name, relation
