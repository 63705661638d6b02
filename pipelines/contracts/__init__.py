"""What may enter: one suite per canonical table, judged by Great Expectations on every batch.

`judge` answers whether a waiting batch keeps its promises, and which rows break them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.contracts.engine import ContractEngineFailed, broken, warm_up
from pipelines.contracts.rows import BAD_ROWS, bad_count, bad_rows, batch_query
from pipelines.contracts.suite import (
    SUITES,
    ContractUnreadable,
    Expectation,
    Severity,
    Suite,
    suite_of,
)

__all__ = [
    "BAD_ROWS",
    "SUITES",
    "ContractEngineFailed",
    "ContractUnreadable",
    "Expectation",
    "Failure",
    "Suite",
    "Verdict",
    "judge",
    "suite_of",
    "warm_up",
]


@dataclass(frozen=True)
class Failure:
    """One broken expectation. `unexpected_count` is 0 where it is about the batch, not rows."""

    expectation: str
    column: str | None
    unexpected_count: int
    severity: Severity
    description: str


@dataclass(frozen=True)
class Verdict:
    """The answer about one table of a batch.

    Not `ok` with `bad_rows` None: the whole table is refused. Not `ok` with rows: these are
    refused, the rest may land. Shape of `bad_rows`: BAD_ROWS, no values.
    """

    ok: bool
    failed: tuple[Failure, ...] = ()
    bad_rows: pl.DataFrame | None = None


def judge(files: Sequence[Path], table: str) -> Verdict:
    """The verdict on the rows of `files`, which together are one table's share of a batch.

    No files is nothing to judge, and kept; a batch without rows is one file without rows.
    Raises: ContractEngineFailed when an expectation could not be judged at all.
    """
    if not files:
        return Verdict(ok=True)
    failed = broken(suite_of(table), batch_query=batch_query(files))
    if not failed:
        return Verdict(ok=True)
    failures = tuple(
        Failure(one.id, one.column, bad_count(files, one), one.severity, one.description)
        for one in failed
    )
    if any(one.severity == "shelve_batch" for one in failed):
        # What refuses the whole table is told first: the shelf names it as the reason of each row.
        ordered = sorted(failures, key=lambda one: one.severity != "shelve_batch")
        return Verdict(ok=False, failed=tuple(ordered))
    return Verdict(ok=False, failed=failures, bad_rows=bad_rows(files, failed))
