"""No join of a model compares every row with every row.

Asked of DuckDB's plans over empty tables: there it takes the same joins by hash as over full ones, and
a nested loop for all that has no equality. An outer join with anything but plain comparisons of one
side with the other in its `on` (an `or`, a condition on the outer side alone) is such a loop too,
equalities or not: two stacked rows, or the condition as a column of the other side, make it a hash join.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

import duckdb
import pytest

from tests.compiled import marts_of, project

# DuckDB's names of joins whose cost is the product of their sides.
LOOPS: Final = {"BLOCKWISE_NL_JOIN", "NESTED_LOOP_JOIN"}
# Model → the side that is a few rows however large the shop.
FEW_ROWS: Final = {
    "int_checkout_steps__reached": "the five steps of a checkout",
    "int_recovery__rule_orders": "the published rules, seven rows",
    "rpt_category_ranking": "two windows of days",
    "rpt_recovery_times": "eight buckets of hours",
    "rpt_repeat_rate": "five spans of days",
}


@pytest.fixture(scope="module")
def empty(tmp_path_factory) -> duckdb.DuckDBPyConnection:
    return marts_of({}, folder=tmp_path_factory.mktemp("empty"))


def _nodes(plan: dict[str, Any]) -> Iterator[str]:
    yield plan["name"].strip()
    for child in plan["children"]:
        yield from _nodes(child)


def loops(warehouse: duckdb.DuckDBPyConnection, code: str) -> int:
    """How many joins of a query compare every row with every row."""
    found = warehouse.execute(f"explain (format json) {code}").fetchone()
    assert found is not None
    return sum(name in LOOPS for plan in json.loads(found[1]) for name in _nodes(plan))


def test_no_model_compares_every_row_with_every_row(empty):
    looping = {
        model.name
        for model in project().models.values()
        if not model.is_python and loops(empty, model.code)
    }

    assert looping == set(FEW_ROWS)


@pytest.mark.parametrize(
    ("model", "equality", "instead"),
    [
        (
            "int_persons__contactable",
            "questions.channel = heard.asked_channel",
            "(questions.channel = heard.channel or heard.statement_kind = 'erased')",
        ),
        (
            "int_recovery__orders",
            "orders.ordered_on = shop_days.day_on",
            "orders.ordered_on = shop_days.day_on and orders.ordered_precision = 'day'",
        ),
    ],
)
def test_an_outer_join_on_more_than_comparisons_is_found(empty, model, equality, instead):
    code = project().models[model].code
    assert equality in code

    assert loops(empty, code) == 0
    assert loops(empty, code.replace(equality, instead)) == 1
