"""What dbt's profile tells the engine is heard: DuckDB forgets some options when opened with them."""

from collections.abc import Mapping
from typing import Final

import duckdb
import yaml

from pipelines.settings import DBT_PROJECT

OUTPUT: Final = yaml.safe_load((DBT_PROJECT / "profiles.yml").read_text())["okaeri"]["outputs"][
    "duckdb"
]


def _values(connection: duckdb.DuckDBPyConnection, names: list[str]) -> dict[str, object]:
    found = {}
    for name in names:
        row = connection.execute("select current_setting(?)", [name]).fetchone()
        assert row is not None
        found[name] = row[0]
    return found


def _opened(options: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, object]:
    """All that was said, as the engine has it; dbt opens with the one and says the other after."""
    with duckdb.connect(":memory:", config=dict(options)) as connection:
        for name, value in settings.items():
            connection.execute(f"set {name} = '{value}'")
        return _values(connection, [*options, *settings])


def test_all_the_profile_says_to_the_engine_holds():
    options = OUTPUT["config_options"] | {"memory_limit": "3GB"}  # in the profile a variable

    said = _opened(options, OUTPUT["settings"])

    with duckdb.connect(":memory:") as untold:
        assert {
            name for name, value in _values(untold, [*said]).items() if value == said[name]
        } <= {
            "TimeZone"  # a machine may run in UTC
        }


def test_what_is_said_too_early_is_found():
    name = "disabled_compression_methods"

    assert _opened({name: OUTPUT["settings"][name]}, {}) == {name: ""}
