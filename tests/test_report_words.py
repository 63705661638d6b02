"""What the end of a run says where there is no cohort to show: the reason that is the case."""

import io

import duckdb
import pytest
from rich.console import Console

from pipelines.report.figures import cohorts


@pytest.mark.parametrize(("orders", "said"), [
    ("", "need orders"),
    ("(null)", "the orders name nobody"),
    ("(null), ('p1')", "the month of the first orders is not over"),
])  # fmt: skip
def test_a_missing_cohort_table_has_its_own_reason(orders: str, said: str) -> None:
    con, printed = duckdb.connect(), io.StringIO()
    con.execute(
        "create table rpt_cohort_retention (cohort_month varchar, cohort_person_count bigint,"
        " period_number bigint, retention_rate double, is_mature boolean, cohort_basis varchar,"
        " cohort_grain varchar, period_unit varchar, variant varchar)"
    )
    con.execute("create table fct_orders (person_id varchar)")
    if orders:
        con.execute(f"insert into fct_orders values {orders}")

    cohorts(Console(file=printed, width=200), con, "en")

    assert said in printed.getvalue()
