"""One warehouse for all golden shops: every test asks it something."""

import duckdb
import pytest

from tests.compiled import failing_checks, marts_of
from tests.golden import shops


@pytest.fixture(scope="session")
def golden(tmp_path_factory) -> duckdb.DuckDBPyConnection:
    """The warehouse of all golden shops as of 1 November 2026, with every data test of it green."""
    warehouse = marts_of(shops.landing(), folder=tmp_path_factory.mktemp("golden"))
    assert failing_checks(warehouse) == {}
    return warehouse
