"""The interval macros against figures printed in the papers they are from."""

import duckdb
import jinja2
import pytest

from pipelines.settings import DBT_PROJECT

TEXT = (DBT_PROJECT / "macros" / "intervals.sql").read_text()


def _answer(call: str) -> float | None:
    """Value of one macro call, rendered as dbt renders it."""
    sql = jinja2.Environment(autoescape=False).from_string(f"{TEXT}\nselect {{{{ {call} }}}}")
    row = duckdb.sql(sql.render()).fetchone()
    assert row is not None
    return None if row[0] is None else float(row[0])


@pytest.mark.parametrize(
    ("call", "printed"),
    [
        # Newcombe 1998, Statistics in Medicine 17, 857, table I, method 3: 81 of 263 and 15 of 148.
        ("wilson_low('81', '263')", 0.2553),
        ("wilson_high('81', '263')", 0.3662),
        ("wilson_low('15', '148')", 0.0624),
        ("wilson_high('15', '148')", 0.1605),
        # The same, 0 of 20 and 1 of 29.
        ("wilson_low('0', '20')", 0.0),
        ("wilson_high('0', '20')", 0.1611),
        ("wilson_low('1', '29')", 0.0061),
        ("wilson_high('1', '29')", 0.1718),
        # Newcombe 1998, Statistics in Medicine 17, 873, table II, method 10: 56/70 - 48/80.
        ("newcombe_low('56', '70', '48', '80')", 0.0524),
        ("newcombe_high('56', '70', '48', '80')", 0.3339),
        # The same, 10/10 - 0/10.
        ("newcombe_low('10', '10', '0', '10')", 0.6075),
        ("newcombe_high('10', '10', '0', '10')", 1.0),
    ],
)
def test_an_interval_is_the_one_printed(call: str, printed: float) -> None:
    assert _answer(call) == pytest.approx(printed, abs=0.00005)


@pytest.mark.parametrize(
    "call",
    ["wilson_low('0', '0')", "wilson_high('0', '0')", "newcombe_low('0', '0', '1', '2')",
     "newcombe_high('1', '2', '0', '0')"],
)  # fmt: skip
def test_nothing_tried_has_no_interval(call: str) -> None:
    assert _answer(call) is None


def test_an_expression_may_stand_where_a_column_does() -> None:
    assert _answer("wilson_high('40 + 41', '263')") == pytest.approx(0.3662, abs=0.00005)
