"""What `okaeri check` found, ready to be printed or given out as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from pipelines.onboarding.coverage import Shown
from pipelines.onboarding.rehearsal import Breach
from pipelines.onboarding.trial import Trial
from pipelines.sources import Loss

# Same words as the command's exit codes: 0 nothing to correct, 1 something is.
DONE, FAILED = 0, 1


@dataclass(frozen=True)
class Reject:
    """One rejected row: where it stands in the file and why, its value masked."""

    table: str
    row_no: int | None
    reason: str
    column: str | None
    value: str | None


@dataclass(frozen=True)
class TableCheck:
    """Rows of one canonical table of one file: read = taken + rejected + duplicates."""

    table: str
    rows_read: int
    taken: int
    rejected: int
    duplicates: int


@dataclass(frozen=True)
class FileCheck:
    """One file of a source. `refused` says why nothing of it is taken.

    `breaches` is what its contracts would refuse at a run, `losses` what would be missed.
    """

    name: str
    encoding: str | None = None
    rows: int = 0
    headers: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    tables: tuple[TableCheck, ...] = ()
    rejects: tuple[Reject, ...] = ()
    breaches: tuple[Breach, ...] = ()
    losses: tuple[Loss, ...] = ()
    refused: str | None = None

    @property
    def rejected(self) -> int:
        """Rejected rows over all tables."""
        return sum(table.rejected for table in self.tables)


@dataclass(frozen=True)
class Preview:
    """First rows of one table, personal columns masked."""

    table: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class SourceCheck:
    """One source with its files and what the first rows look like."""

    key: str
    title: tuple[str, str]
    pattern: str
    files: tuple[FileCheck, ...]
    previews: tuple[Preview, ...]


@dataclass(frozen=True)
class Month:
    """Orders of one month of the shop's zone. Units: major units of `currency`, before refunds."""

    month: date
    currency: str
    order_count: int
    goods_amount: Decimal
    total_amount: Decimal
    refunded_amount: Decimal
    not_sale_count: int
    unknown_amount_count: int


@dataclass(frozen=True)
class OpenStatus:
    """An order status in the files whose meaning nobody has said."""

    source: str
    status: str
    order_count: int


@dataclass(frozen=True)
class Finding:
    """One thing to correct (error) or to know (warning): key of its words and their values."""

    level: Literal["error", "warning"]
    words: str
    values: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True)
class CheckReport:
    """Everything `check` says of one shop."""

    shop_id: str
    shop_name: str
    sources: tuple[SourceCheck, ...]
    months: tuple[Month, ...]
    open_statuses: tuple[OpenStatus, ...]
    pages: tuple[Shown, ...]
    findings: tuple[Finding, ...]
    # What a held-out group would show, once a run has published its plan.
    trial: Trial | None = None

    @property
    def exit_code(self) -> int:
        """1 as soon as one finding is an error."""
        return FAILED if any(f.level == "error" for f in self.findings) else DONE


def errors_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Errors before warnings, otherwise in the order they were found."""
    return tuple(sorted(findings, key=lambda f: f.level != "error"))
