"""Reads and judges every file of a shop as a run would, keeps nothing, says what it found."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from pipelines import sources
from pipelines.canonical import TABLES
from pipelines.onboarding.answers import OnboardingRefused
from pipelines.onboarding.coverage import Entity, coverage, together
from pipelines.onboarding.months import (
    months,
    open_statuses,
    order_rows,
    orders_of,
    status_frame,
    without_addresses,
)
from pipelines.onboarding.preview import ROWS, previews
from pipelines.onboarding.refusals import header_of, told
from pipelines.onboarding.rehearsal import Rehearsal, rehearsal
from pipelines.onboarding.report import (
    CheckReport,
    FileCheck,
    Finding,
    OpenStatus,
    Reject,
    SourceCheck,
    TableCheck,
    errors_first,
)
from pipelines.onboarding.trial import published_trial
from pipelines.onboarding.words import reason
from pipelines.settings import home_of, language
from pipelines.shop import Shop, Source

REJECTS_KEPT: Final = 100


@dataclass
class _Gathered:
    """What the files of one shop give, kept while they are read one after the other."""

    zone: ZoneInfo
    rehearsal: Rehearsal
    heads: dict[str, pl.DataFrame] = field(default_factory=dict)
    orders: list[pl.DataFrame] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)

    def take(self, batch: sources.TableBatch, *, source: Source, support: str) -> None:
        """Keeps the first rows, the orders' amounts and the time a table spans."""
        head = self.heads.get(batch.table)
        if head is None or head.height < ROWS:
            parts = [batch.frame.head(ROWS)] if head is None else [head, batch.frame.head(ROWS)]
            self.heads[batch.table] = pl.concat(parts)
        if batch.table == "orders":
            self.orders.append(order_rows(source.key, batch.frame))
        first, last = self._span(batch)
        self.entities.append(Entity(batch.table, batch.frame.height, support, first, last))

    def _span(self, batch: sources.TableBatch) -> tuple[date | None, date | None]:
        at = TABLES[batch.table].at
        if at is None or not batch.frame.height:
            return None, None
        if batch.table == "mail_results_summary":
            # The instant of a report is when it was printed; its figures are of its period.
            starts, ends = (batch.frame[f"period_{end}_on"] for end in ("starts", "ends"))
            return starts.min(), ends.max()  # type: ignore[return-value]
        local = batch.frame[at].dt.replace_time_zone("UTC").dt.convert_time_zone(self.zone.key)
        days = local.dt.date()
        return days.min(), days.max()  # type: ignore[return-value]


def check_shop(shop: Shop) -> CheckReport:
    """The report of one shop. Raises OnboardingRefused where a mapping cannot be used at all."""
    with rehearsal(shop) as landing:
        gathered = _Gathered(ZoneInfo(shop.timezone), landing)
        checked = tuple(_source(shop, source, gathered) for source in shop.sources)
    defaults = sources.status_defaults(shop)
    statuses = status_frame(defaults, (rule.row for rule in shop.order_status_map))
    orders = without_addresses(orders_of(gathered.orders), shop.excluded_addresses)
    still_open = open_statuses(orders, statuses)
    holdout = any(arm.is_holdout for c in shop.campaigns if c.is_active for arm in c.arms)
    return CheckReport(
        shop_id=shop.id,
        shop_name=shop.name,
        sources=checked,
        months=months(orders, statuses, zone=shop.timezone),
        open_statuses=still_open,
        pages=coverage(together(gathered.entities), has_holdout=holdout),
        findings=errors_first(tuple(_findings(shop, checked, still_open))),
        trial=published_trial(home_of(shop.id), shop.id),
    )


def _source(shop: Shop, source: Source, gathered: _Gathered) -> SourceCheck:
    try:
        mapping = sources.load_mapping(source.mapping, shop.folder)
    except sources.MappingBroken as error:
        raise OnboardingRefused(f"{source.key}: {error}") from error
    gathered.heads = {}
    files = tuple(
        _file(shop, source, path, mapping=mapping, gathered=gathered)
        for path in sources.files_of(shop, source)
    )
    title = (mapping.title.ja, mapping.title.en)
    shown = previews(list(gathered.heads.items()), zone=shop.timezone)
    return SourceCheck(source.key, title, source.files, files, shown)


def _file(
    shop: Shop, source: Source, path: Path, *, mapping: sources.Mapping, gathered: _Gathered
) -> FileCheck:
    try:
        extract = sources.extract_file(
            path, source, zone=shop.timezone, mapping=mapping, currency=shop.currency
        )
    except sources.FileRefused as refusal:
        return FileCheck(path.name, refused=told(refusal, language()))
    except sources.MappingBroken as error:
        raise OnboardingRefused(f"{source.key}: {error}") from error
    support = {table: given for table, given, _ in sources.capabilities_of(shop, source)}
    for batch in extract.batches:
        gathered.take(batch, source=source, support=support[batch.table])
    used = set(extract.headers_used)
    return FileCheck(
        name=extract.file_name,
        encoding=extract.encoding,
        rows=extract.rows_raw,
        headers=extract.headers,
        unused=tuple(header for header in extract.headers if header not in used),
        missing=extract.headers_missing,
        tables=tuple(_table(batch) for batch in extract.batches),
        rejects=tuple(_rejects(extract, mapping, source)),
        breaches=gathered.rehearsal.land(extract),
        losses=sources.losses(extract),
    )


def _table(batch: sources.TableBatch) -> TableCheck:
    return TableCheck(
        batch.table,
        rows_read=batch.rows_read,
        taken=batch.frame.height,
        rejected=batch.rejects.height,
        duplicates=batch.duplicates,
    )


def _rejects(
    extract: sources.Extract, mapping: sources.Mapping, source: Source
) -> Iterable[Reject]:
    for batch in extract.batches:
        for row in batch.rejects.head(REJECTS_KEPT).iter_rows(named=True):
            column = row["column_name"]
            yield Reject(
                batch.table,
                row["row_no"],
                row["reason_code"],
                header_of(column, mapping, source, table=batch.table, there=extract.headers)
                if column
                else None,
                row["value_masked"],
            )


def _findings(
    shop: Shop, checked: Iterable[SourceCheck], still_open: Iterable[OpenStatus]
) -> Iterable[Finding]:
    if not shop.sources:
        yield Finding("error", "no_sources")
    rejected = 0
    for source in checked:
        if not source.files:
            where = (("files", source.pattern), ("folder", str(shop.folder)))
            yield Finding("error", "no_match", where)
        for file in source.files:
            rejected += file.rejected
            if file.refused:
                said = (("file", file.name), ("reason", file.refused))
                yield Finding("error", "file_refused", said)
            yield from _of_file(file)
    for status in still_open:
        values = (
            ("source", status.source),
            ("status", status.status),
            ("count", f"{status.order_count:,}"),
        )
        yield Finding("error", "unmapped", values)
    if rejected:
        yield Finding("warning", "rejects_found", (("count", f"{rejected:,}"),))
    if shop.sender.lacks:
        yield Finding("warning", "sender_lacks", (("keys", ", ".join(shop.sender.lacks)),))


def _of_file(file: FileCheck) -> Iterable[Finding]:
    """What the contracts would refuse at the next run, and tables that lost most of their rows."""
    for one in file.breaches:
        values = (
            ("file", file.name),
            ("table", one.table),
            ("rows", f"{one.rows:,}"),
            ("description", one.description),
        )
        if one.is_whole:
            yield Finding("error", "breach_whole", values)
        else:
            yield Finding("warning", "breach_rows", values)
    for loss in file.losses:
        said = (
            ("file", file.name),
            ("table", loss.table),
            ("rows", f"{loss.rows:,}"),
            ("of_rows", f"{loss.of_rows:,}"),
            ("reason", reason(loss.reason, language()) if loss.reason else ""),
            ("column", loss.column or "—"),
        )
        yield Finding("warning", loss.kind, said)
