"""The interval macros against figures printed in the papers they are from."""

import duckdb
import jinja2
import pytest

from pipelines.settings import DBT_PROJECT

TEXT = "".join(
    (DBT_PROJECT / "macros" / name).read_text() for name in ("intervals.sql", "sample_sizes.sql")
)


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
    ("call", "worked_out"),
    [
        # 1.96² → 1.2816² = 1.6424: (81/263 + 1.6424/526 ± 1.2816 √(0.30798 × 0.69202/263
        # + 1.6424/4/263²)) ÷ (1 + 1.6424/263) = (0.31111 ± 0.03662) ÷ 1.00624.
        ("wilson_low_at('81', '263', 1.2815515655446004)", 0.2728),
        ("wilson_high_at('81', '263', 1.2815515655446004)", 0.3456),
        # 20 − √(6.11² + 7.37²) and 20 + √(5.30² + 7.25²) points: 80 % of the interval above.
        ("newcombe_low_at('56', '70', '48', '80', 1.2815515655446004)", 0.1043),
        ("newcombe_high_at('56', '70', '48', '80', 1.2815515655446004)", 0.2897),
        # Physicians' Health Study, 189 of 11,034 against 104 of 11,037 heart attacks: 1.8178 ×
        # e^(∓1.96 × √(1/189 − 1/11,034 + 1/104 − 1/11,037)) = 1.8178 × e^(∓0.23784).
        ("lift_low('189', '11034', '104', '11037')", 0.4330),
        ("lift_high('189', '11034', '104', '11037')", 1.3059),
    ],
)
def test_an_interval_is_the_one_worked_out(call: str, worked_out: float) -> None:
    assert _answer(call) == pytest.approx(worked_out, abs=0.0001)


@pytest.mark.parametrize(
    ("call", "worked_out", "digits"),
    [
        # product.md 2.2: 1,020 persons, base 3 %. √(0.03 × 0.97 × 2/510) = 1.0683 points.
        ("detectable_effect('0.03', '510', '510')", 0.0299, 4),
        ("half_width('0.03', '510', '510')", 0.0209, 4),
        # A tenth held out: √(0.0291 × (1/102 + 1/918)) = 1.7804 points.
        ("half_width('0.03', '102', '918')", 0.0349, 4),
        # 180 a year, half of them held out: √(0.0291 × 2/90) = 2.5430 points: ± 5.
        ("half_width('0.03', '90', '90')", 0.0498, 4),
        # 1 → 3 %: (1.96 √(2 × 0.02 × 0.98) + 0.8416 √(0.0099 + 0.0291))² ÷ 0.02²
        # = (0.38806 + 0.16620)² ÷ 0.0004 = 768.01, and nobody is a hundredth.
        ("persons_per_arm('0.01', '0.02')", 769, 0),
        # 2 → 3 %: (0.43275 + 0.18573)² ÷ 0.0001 = 3,825.2.
        ("persons_per_arm('0.02', '0.01')", 3826, 0),
        # 99.5 % cannot rise by a point: the spread is that of 100 %.
        # (1.96 √(2 × 0.9975 × 0.0025) + 0.8416 √(0.995 × 0.005))² ÷ 0.01² = 391.2.
        ("persons_per_arm('0.995', '0.01')", 392, 0),
    ],
)
def test_a_plan_is_the_one_worked_out(call: str, worked_out: float, digits: int) -> None:
    answer = _answer(call)

    assert answer is not None
    assert round(answer, digits) == worked_out


@pytest.mark.parametrize(
    "call",
    ["wilson_low('0', '0')", "wilson_high('0', '0')", "newcombe_low('0', '0', '1', '2')",
     "newcombe_high('1', '2', '0', '0')", "lift_low('0', '9', '1', '9')",
     "lift_high('1', '9', '0', '9')"],
)  # fmt: skip
def test_nothing_tried_has_no_interval(call: str) -> None:
    assert _answer(call) is None


def test_an_expression_may_stand_where_a_column_does() -> None:
    assert _answer("wilson_high('40 + 41', '263')") == pytest.approx(0.3662, abs=0.00005)
