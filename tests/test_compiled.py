"""Compiled SQL in memory gives what dbt builds, so that tests may stand on it."""

from collections import defaultdict

import duckdb
import pytest

from tests.compiled import ModelFailed, failing_checks, marts_of, project, rebuild
from tests.golden import article, carts, due, outcomes, trial
from tests.golden.rows import together
from tests.oracle import shops
from tests.warehouse import build

SALE = {
    "orders": [{"order_id": "o1", "customer_id": "a", "is_guest": False, "total_amount": 500,
                "ordered_at": "2026-10-01T03:00", "ordered_precision": "instant"}],
}  # fmt: skip


def every_case() -> dict[str, list[dict[str, object]]]:
    """The golden shops and some generated ones."""
    rows = together(
        article.message_shop(), carts.tokyo(), carts.new_york(), carts.snapshots(),
        outcomes.shop(), trial.shop(), due.shop(),
    )  # fmt: skip
    for made in map(shops.shop, range(6)):
        rows["shops"].append({"shop_id": made.shop_id, "timezone": made.zone})
        for table, given in made.tables.items():
            rows[table] += given
    return rows


def tables_of(warehouse: duckdb.DuckDBPyConnection, catalog: str) -> dict[str, list[tuple]]:
    """Columns and types of every table dbt makes, by `schema.table`."""
    found = defaultdict(list)
    for schema, table, *column in warehouse.execute(
        "select table_schema, table_name, column_name, data_type from information_schema.columns"
        " where table_catalog = ? and table_schema not in ('landing', 'main')"
        " order by table_schema, table_name, ordinal_position",
        [catalog],
    ).fetchall():
        found[f"{schema}.{table}"].append(tuple(column))
    return dict(found)


@pytest.mark.slow
def test_compiled_models_give_the_tables_dbt_builds(tmp_path):
    rows = every_case()
    build(rows, tmp_path / "dbt", select="resource_type:model").close()

    compiled = marts_of(rows, folder=tmp_path / "memory")

    compiled.execute(f"attach '{tmp_path / 'dbt' / 'build.duckdb'}' as built (read_only)")
    tables = tables_of(compiled, "built")
    assert tables == tables_of(compiled, "memory")
    assert len(tables) == len(project().models)
    filled = 0
    for table in tables:
        rows_of = f"select * from built.{table}", f"select * from memory.{table}"
        for one, other in (rows_of, rows_of[::-1]):
            assert compiled.execute(f"{one} except all {other}").fetchall() == [], table
        filled += bool(compiled.execute(f"select count(*) from built.{table}").fetchone()[0])
    assert filled > 100


@pytest.fixture(scope="module")
def one_sale(tmp_path_factory) -> duckdb.DuckDBPyConnection:
    return marts_of(SALE, folder=tmp_path_factory.mktemp("sale"), only=["fct_orders"])


def orders(warehouse: duckdb.DuckDBPyConnection) -> list[tuple]:
    return warehouse.execute("select order_id, is_sale from marts.fct_orders").fetchall()


def test_only_what_a_named_model_reads_is_built(one_sale):
    built = tables_of(one_sale, "memory")

    assert orders(one_sale) == [("o1", True)]
    assert "marts.fct_orders" in built
    assert "marts.rpt_cohort_retention" not in built


def test_other_sql_of_a_model_reaches_those_that_read_it_until_rolled_back(one_sale):
    sales = project().models["int_orders__sales"].code
    unsold = sales.replace("is_sale_status and not is_cancelled", "false and not is_cancelled")

    one_sale.execute("begin")
    again = rebuild(one_sale, replace={"int_orders__sales": unsold})

    assert "fct_orders" in again
    assert "stg_orders" not in again
    assert orders(one_sale) == [("o1", False)]
    one_sale.execute("rollback")
    assert orders(one_sale) == [("o1", True)]


def test_a_data_test_tells_how_many_rows_break_it(one_sale):
    checks = [name for name, check in project().checks.items() if check.models == ("fct_orders",)]

    one_sale.execute("begin")
    before = failing_checks(one_sale, checks)
    one_sale.execute("insert into marts.fct_orders select * from marts.fct_orders")
    after = failing_checks(one_sale, checks)
    one_sale.execute("rollback")

    assert before == {}
    assert after == {"unique_key_fct_orders_shop_id__order_id": 1}


def test_sql_that_does_not_run_names_its_model(one_sale):
    with pytest.raises(ModelFailed, match=r"^fct_orders: "):
        rebuild(one_sale, replace={"fct_orders": "select missing"})


def test_a_replacement_for_a_model_nobody_knows_is_refused(one_sale):
    with pytest.raises(KeyError, match="fct_ordres"):
        rebuild(one_sale, replace={"fct_ordres": "select 1"})
