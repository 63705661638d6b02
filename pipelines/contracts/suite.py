"""What a canonical table must look like when it arrives: what canonical.py implies, and its YAML.

A suite is a list of expectations. Each has an id, what becomes of the rows that break it, and a
row that breaks it (`broken_by`), so that every one of them can be shown to bite.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from pipelines.canonical import MONEY, TABLES, Table

SUITES: Final = Path(__file__).parent / "suites"

Severity = Literal["shelve_batch", "shelve_rows"]
Kind = Literal["columns", "row_count", "required", "allowed", "unique", "range", "never", "share"]
Scalar = str | int | float | bool | None

# Addresses in clear belong to these tables; elsewhere their hash must do.
_WITH_ADDRESSES: Final = frozenset({"customers", "consents", "suppressions"})
_HASHES: Final = ("email_hash", "person_key")
# Before this no shop day is laid out, and shops' systems write 1970 for "never".
_EARLIEST: Final = "1995-01-01"
# A clock may be wrong by a zone, not by more: such a row would wait in the future for its day.
_AHEAD_HOURS: Final = 24


class ContractUnreadable(Exception):
    """A suite's YAML does not fit its table."""


@dataclass(frozen=True)
class Expectation:
    """One promise about a table. Which fields are set follows from `kind`.

    `never` and `share` hold a SQL condition over the columns: no row may meet it, or at least that
    share of the rows must; with `or_none` no row at all is right too.
    """

    id: str
    kind: Kind
    severity: Severity
    description: str
    column: str | None = None
    columns: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    is_strict: bool = False
    condition: str = ""
    at_least: float = 0.0
    or_none: bool = False
    broken_by: tuple[tuple[str, Scalar], ...] = ()


@dataclass(frozen=True)
class Suite:
    """All expectations of one table, implied ones first."""

    table: str
    description: str
    expectations: tuple[Expectation, ...]


class _Written(BaseModel):
    """One expectation as a suite's YAML writes it."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    kind: Literal["range", "never", "share"]
    severity: Severity
    description: str
    column: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    is_strict: bool = False
    condition: str = ""
    at_least: float = 0.0
    or_none: bool = False
    broken_by: dict[str, Scalar]


class _SuiteFile(BaseModel):
    """One suite's YAML. `may_be_empty` says why a batch without a row is no fault."""

    model_config = ConfigDict(extra="forbid")

    table: str
    description: str
    may_be_empty: str | None = None
    expectations: list[_Written] = []


@cache
def suite_of(table: str) -> Suite:
    """The suite of one canonical table.

    Raises: ContractUnreadable when the YAML names another table, an unknown column or an id twice.
    """
    path = SUITES / f"{table}.yml"
    written = _SuiteFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    definition = TABLES[table]
    own = [_expectation(one) for one in written.expectations]
    together = (*_implied(definition, may_be_empty=written.may_be_empty is not None), *own)
    ids = [one.id for one in together]
    unknown = {
        name
        for one in own
        for name in (one.column, *(column for column, _ in one.broken_by))
        if name is not None and name not in definition.schema
    }
    if written.table != table or len(set(ids)) != len(ids) or unknown:
        raise ContractUnreadable(
            f"{path}: must be about {table}, name each id once and only columns of that table "
            f"(unknown: {sorted(unknown)})"
        )
    return Suite(table, written.description, together)


def _expectation(one: _Written) -> Expectation:
    return Expectation(
        id=one.id,
        kind=one.kind,
        severity=one.severity,
        description=one.description,
        column=one.column,
        minimum=one.minimum,
        maximum=one.maximum,
        is_strict=one.is_strict,
        condition=one.condition,
        at_least=one.at_least,
        or_none=one.or_none,
        broken_by=tuple(one.broken_by.items()),
    )


def _implied(table: Table, *, may_be_empty: bool) -> tuple[Expectation, ...]:
    """What the data dictionary says already."""
    return (
        Expectation(
            "columns",
            "columns",
            "shelve_batch",
            "The batch has exactly the canonical columns.",
            columns=tuple(table.schema.names()),
        ),
        *([] if may_be_empty else [_ROW_COUNT]),
        *_columns(table),
        _unique(table),
        *_addresses(table),
        *_time(table),
        *_whole_yen(table),
    )


_ROW_COUNT: Final = Expectation(
    "row_count", "row_count", "shelve_batch", "The batch has at least one row.", minimum=1
)


def _columns(table: Table) -> list[Expectation]:
    required = [
        Expectation(
            f"required_{column.name}",
            "required",
            "shelve_rows",
            f"{column.name} is given in every row.",
            column=column.name,
            broken_by=((column.name, None),),
        )
        for column in table.columns
        if column.required
    ]
    allowed = [
        Expectation(
            f"allowed_{column.name}",
            "allowed",
            "shelve_rows",
            f"{column.name} is one of {', '.join(column.allowed)}.",
            column=column.name,
            values=column.allowed,
            broken_by=((column.name, "no such value"),),
        )
        for column in table.columns
        if column.allowed
    ]
    return [*required, *allowed]


def _unique(table: Table) -> Expectation:
    """Versions of a row may come in one batch if the source says which is later."""
    derived = ("is_derived",) if "is_derived" in table.names else ()
    return Expectation(
        "unique_key",
        "unique",
        "shelve_rows",
        f"{' + '.join(table.key)} names one row, or versions with different update times.",
        columns=("shop_id", *table.key, *derived, "source_updated_at"),
    )


def _addresses(table: Table) -> list[Expectation]:
    hashes = [
        Expectation(
            f"hashed_{name}",
            "never",
            "shelve_rows",
            f"{name} is a keyed hash, never an address or an id in clear.",
            column=name,
            condition=f"not regexp_full_match({name}, '[0-9a-f]{{64}}')",
            broken_by=((name, "someone@example.com"),),
        )
        for name in _HASHES
        if name in table.names
    ]
    if "email" not in table.names or table.name in _WITH_ADDRESSES:
        return hashes
    return [
        *hashes,
        Expectation(
            "no_address_in_clear",
            "never",
            "shelve_rows",
            "Addresses stand in customers, consents and suppressions only.",
            column="email",
            condition="email is not null or email_key is not null",
            broken_by=(("email", "someone@example.com"),),
        ),
    ]


def _time(table: Table) -> list[Expectation]:
    if table.at is None:
        return []
    return [
        Expectation(
            f"not_ahead_{table.at}",
            "never",
            "shelve_rows",
            f"{table.at} lies at most {_AHEAD_HOURS} hours after the row was read.",
            column=table.at,
            condition=f"{table.at} > loaded_at + interval '{_AHEAD_HOURS} hours'",
            broken_by=((table.at, "9999-12-30T00:00:00"),),
        ),
        Expectation(
            f"not_before_shops_{table.at}",
            "never",
            "shelve_rows",
            f"{table.at} is a real time, from {_EARLIEST} on.",
            column=table.at,
            condition=f"{table.at} < timestamp '{_EARLIEST} 00:00:00'",
            broken_by=((table.at, "1970-01-01T00:00:00"),),
        ),
    ]


def _whole_yen(table: Table) -> list[Expectation]:
    amounts = [
        column.name
        for column in table.columns
        if column.dtype == MONEY and not column.name.startswith("original_")
    ]
    if "currency" not in table.names or not amounts:
        return []
    broken = " or ".join(f"{name} <> round({name}, 0)" for name in amounts)
    return [
        Expectation(
            "whole_yen",
            "never",
            "shelve_rows",
            "Amounts in yen are whole.",
            column=amounts[0],
            condition=f"currency = 'JPY' and ({broken})",
            broken_by=(("currency", "JPY"), (amounts[0], "100.5")),
        )
    ]
