"""One build for all golden shops: every test asks it something."""

import duckdb
import pytest

from tests.golden import shops
from tests.warehouse import build


@pytest.fixture(scope="session")
def golden(tmp_path_factory) -> duckdb.DuckDBPyConnection:
    """The warehouse of all golden shops as of 1 November 2026, with every dbt test of it green."""
    return build(shops.landing(), tmp_path_factory.mktemp("golden"))
