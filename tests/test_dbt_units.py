"""Every unit test beside a model, run by dbt itself."""

import json

import pytest

from tests.warehouse import run_dbt, write_landing


@pytest.mark.slow
def test_every_unit_test_of_a_model_holds(tmp_path):
    write_landing({}, tmp_path / "landing")

    run_dbt(
        ["build", "--resource-type", "model", "--resource-type", "unit_test"],
        tmp_path,
        landing=tmp_path / "landing",
        warehouse=tmp_path / "units.duckdb",
    )

    written = json.loads((tmp_path / "target" / "manifest.json").read_text())["unit_tests"]
    results = json.loads((tmp_path / "target" / "run_results.json").read_text())["results"]
    passed = {result["unique_id"] for result in results if result["status"] == "pass"}
    assert len(written) > 100
    assert set(written) <= passed
