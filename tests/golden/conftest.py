"""One build for all golden shops: every test asks it something."""

import duckdb
import pytest

from tests.golden import article, carts, due, outcomes, street, trial
from tests.golden.rows import together
from tests.warehouse import build


@pytest.fixture(scope="session")
def golden(tmp_path_factory) -> duckdb.DuckDBPyConnection:
    """The warehouse of all golden shops as of 1 November 2026, with every dbt test of it green."""
    rows = together(
        article.message_shop(),
        article.report_shop(),
        carts.tokyo(),
        carts.new_york(),
        carts.snapshots(),
        outcomes.shop(),
        trial.shop(),
        due.shop(),
        street.shop(),
    )
    return build(rows, tmp_path_factory.mktemp("golden"))
