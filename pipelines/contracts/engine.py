"""Great Expectations over landed Parquet in an in-memory DuckDB. The only module that knows it.

GX 1.24 closes its DuckDB connection before it has fetched the result (upstream issue 11579, closed
unfixed), so the one method that opens connections is replaced for this dialect. Regular expressions
and types are not available for it: suites say such things as SQL conditions. Results are asked for
as `BOOLEAN_ONLY`, so that no value of a person reaches a log.
"""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Final

from pipelines.contracts.suite import Expectation, Suite

if TYPE_CHECKING:
    import sqlalchemy
    from great_expectations.core import (
        ExpectationSuite,
        ExpectationSuiteValidationResult,
        ExpectationValidationResult,
    )
    from great_expectations.core.batch_definition import BatchDefinition

_DIALECT: Final = "duckdb"
_ID: Final = "okaeri_id"
_VIEW: Final = "waiting_batch"
# One engine per process and one judgement at a time: its connection is not shared by threads.
_ONE_AT_A_TIME: Final = threading.Lock()


class ContractEngineFailed(Exception):
    """An expectation could not be judged at all: neither kept nor broken is known."""


def _keep_connection() -> None:
    """Nothing; from now on a DuckDB engine keeps its one connection open until it is dropped."""
    from great_expectations.execution_engine.sqlalchemy_execution_engine import (
        SqlAlchemyExecutionEngine,
    )

    original = SqlAlchemyExecutionEngine.get_connection

    @contextmanager
    def get_connection(
        engine: "SqlAlchemyExecutionEngine",
    ) -> "Generator[sqlalchemy.Connection, None, None]":
        if engine.dialect_name != _DIALECT:
            with original(engine) as connection:
                yield connection
            return
        if not engine._connection:
            engine._connection = engine.engine.connect()
        yield engine._connection

    SqlAlchemyExecutionEngine.get_connection = get_connection


@cache
def _waiting() -> "BatchDefinition[None]":
    """GX's view of the batch that waits, made once: importing GX costs three seconds and 260 MB."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    _keep_connection()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_sql(
        name="landing", connection_string=f"{_DIALECT}:///:memory:", create_temp_table=False
    )
    asset = source.add_query_asset(name=_VIEW, query=f"select * from {_VIEW}")  # noqa: S608
    return asset.add_batch_definition_whole_table(_VIEW)


def warm_up() -> None:
    """Load the engine now: worth it where something else is waited for anyway."""
    with _ONE_AT_A_TIME:
        _waiting()


def _validated(suite: Suite, *, batch_query: str) -> "ExpectationSuiteValidationResult":
    # A view under one asset: GX writes its whole configuration anew for every asset it is given.
    waiting = _waiting()
    with waiting.data_asset.datasource.get_execution_engine().get_connection() as connection:
        connection.exec_driver_sql(f"create or replace view {_VIEW} as {batch_query}")
        connection.commit()
    return waiting.get_batch().validate(_gx_suite(suite), result_format="BOOLEAN_ONLY")


def broken(suite: Suite, *, batch_query: str) -> list[Expectation]:
    """Expectations of the suite that the rows of `batch_query` break, in the suite's order.

    With wrong columns that alone is the answer: the rest cannot be judged.
    Raises: ContractEngineFailed.
    """
    with _ONE_AT_A_TIME:
        result = _validated(suite, batch_query=batch_query)
    by_id = {_id_of(one): one for one in result.results}
    failed = [one for one in suite.expectations if not by_id[one.id].success]
    wrong_columns = failed[:1] if failed and failed[0].kind == "columns" else []
    for one in wrong_columns or failed:
        if _raised(by_id[one.id].exception_info):
            raise ContractEngineFailed(
                f"{suite.table}: {one.id} could not be judged; look at its condition in "
                "pipelines/contracts/suites"
            )
    return wrong_columns or failed


def _id_of(result: "ExpectationValidationResult") -> str:
    told = result.expectation_config
    if told is None or told.meta is None:
        raise ContractEngineFailed("a result without its expectation: not the GX this was made for")
    return str(told.meta[_ID])


def _raised(told: object) -> bool:
    """Whether GX met an error: it tells so flat, or once per metric."""
    if not isinstance(told, dict):
        return False
    return told.get("raised_exception") is True or any(_raised(part) for part in told.values())


@cache
def _gx_suite(suite: Suite) -> "ExpectationSuite":
    import great_expectations as gx
    import great_expectations.expectations as gxe

    translated = []
    for one in suite.expectations:
        name, terms = _translated(one)
        translated.append(getattr(gxe, name)(**terms, meta={_ID: one.id}))
    return gx.ExpectationSuite(name=suite.table, expectations=translated)


def _translated(one: Expectation) -> tuple[str, dict[str, object]]:
    """The same promise in GX's words: name and terms of one of its expectations."""
    match one.kind:
        case "columns":
            return "ExpectTableColumnsToMatchSet", {
                "column_set": list(one.columns),
                "exact_match": True,
            }
        case "row_count":
            return "ExpectTableRowCountToBeBetween", {"min_value": 1}
        case "required":
            return "ExpectColumnValuesToNotBeNull", {"column": one.column}
        case "allowed":
            return "ExpectColumnValuesToBeInSet", {
                "column": one.column,
                "value_set": list(one.values),
            }
        case "range":
            return "ExpectColumnValuesToBeBetween", {
                "column": one.column,
                "min_value": one.minimum,
                "max_value": one.maximum,
                "strict_min": one.is_strict,
            }
        case "unique" | "never" | "share":
            return "UnexpectedRowsExpectation", {"unexpected_rows_query": _query(one)}


def _query(one: Expectation) -> str:
    """Rows that should not be there; the conditions come from our own suites, never from a shop."""
    if one.kind == "unique":
        # GX's own compound uniqueness finds no two rows equal where a column is null, and most
        # sources give no update time.
        columns = ", ".join(one.columns)
        return f"select 1 from {{batch}} group by {columns} having count(*) > 1"  # noqa: S608
    # GX fills `{batch}` in by formatting, so a brace of ours is written twice.
    condition = one.condition.replace("{", "{{").replace("}", "}}")
    if one.kind == "never":
        return f"select 1 from {{batch}} where {condition}"  # noqa: S608
    share = f"avg(case when {condition} then 1.0 else 0.0 end)"
    too_few = f"share < {one.at_least}" + (" and share > 0" if one.or_none else "")
    return f"select 1 from (select {share} as share from {{batch}}) where {too_few}"  # noqa: S608
