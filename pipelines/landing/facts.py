"""What landing asks of its neighbours, which it may not import: a shop, an extract, a verdict."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import polars as pl


class RateFacts(Protocol):
    """One exchange rate: shop currency per unit of `currency` from `day_on` on."""

    @property
    def day_on(self) -> date: ...  # noqa: D102
    @property
    def currency(self) -> str: ...  # noqa: D102
    @property
    def exchange_rate(self) -> Decimal: ...  # noqa: D102


class ShopFacts(Protocol):
    """What landing needs to know of a shop."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def timezone(self) -> str: ...  # noqa: D102
    @property
    def currency(self) -> str: ...  # noqa: D102
    @property
    def pepper(self) -> str | None: ...  # noqa: D102
    @property
    def version(self) -> str: ...  # noqa: D102
    @property
    def exchange_rates(self) -> Sequence[RateFacts]: ...  # noqa: D102


class TableBatchFacts(Protocol):
    """One canonical table's share of a raw file, as a source hands it over."""

    @property
    def table(self) -> str: ...  # noqa: D102
    @property
    def frame(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def rows_read(self) -> int: ...  # noqa: D102
    @property
    def duplicates(self) -> int: ...  # noqa: D102
    @property
    def rejects(self) -> pl.DataFrame: ...  # noqa: D102


class ExtractFacts(Protocol):
    """Everything one raw file gave."""

    @property
    def source_key(self) -> str: ...  # noqa: D102
    @property
    def file_name(self) -> str: ...  # noqa: D102
    @property
    def sha256(self) -> str: ...  # noqa: D102
    @property
    def nbytes(self) -> int: ...  # noqa: D102
    @property
    def encoding(self) -> str | None: ...  # noqa: D102
    @property
    def mapping_version(self) -> str: ...  # noqa: D102
    @property
    def batches(self) -> Sequence[TableBatchFacts]: ...  # noqa: D102


class FailureFacts(Protocol):
    """One broken expectation."""

    @property
    def expectation(self) -> str: ...  # noqa: D102
    @property
    def column(self) -> str | None: ...  # noqa: D102
    @property
    def unexpected_count(self) -> int: ...  # noqa: D102
    @property
    def description(self) -> str: ...  # noqa: D102


class VerdictFacts(Protocol):
    """A contract's answer about one table of a batch.

    `bad_rows` is None when the whole table is refused, else one row per refused row and
    expectation: `file`, `position` (0-based row of that file), `expectation`, `column_name`.
    """

    @property
    def ok(self) -> bool: ...  # noqa: D102
    @property
    def failed(self) -> Sequence[FailureFacts]: ...  # noqa: D102
    @property
    def bad_rows(self) -> pl.DataFrame | None: ...  # noqa: D102


Judge = Callable[[Sequence[Path], str], VerdictFacts]


@dataclass(frozen=True)
class Origin:
    """Where rows come from: what the tail of a landed row says."""

    source: str
    batch_id: str


@dataclass(frozen=True)
class Place:
    """What a row needs of its shop. `pepper` keys the hashes; `currency` is the shop's own."""

    shop_id: str | None
    zone: str | None
    pepper: bytes
    currency: str | None = None
    # Shape: day_on date, currency text, exchange_rate decimal(18,8).
    rates: pl.DataFrame | None = None
