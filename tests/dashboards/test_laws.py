"""Laws of the dashboards, read from their syntax trees."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from pipelines.settings import REPOSITORY
from tests.dashboards.fixture import KINDS, models

DASHBOARDS = REPOSITORY / "dashboards"
FILES = sorted(DASHBOARDS.rglob("*.py"))
PAGES = sorted((DASHBOARDS / "app_pages").glob("[a-z]*.py"))
# Anything that makes a number out of numbers.
COUNTING = {
    "group_by",
    "agg",
    "sum",
    "mean",
    "median",
    "std",
    "quantile",
    "n_unique",
    "cum_sum",
    "value_counts",
    "fsum",
    "statistics",
}


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "path", [p for p in FILES if p.name != "snapshot.py"], ids=lambda p: p.name
)
def test_no_number_is_computed_outside_the_snapshot(path: Path) -> None:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Attribute):
            assert node.attr not in COUNTING, (path, node.lineno)
        if isinstance(node, ast.Name):
            assert node.id not in COUNTING | {"duckdb"}, (path, node.lineno)
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            assert not {"duckdb", "sqlite3", "statistics", "sqlalchemy"} & set(modules), path
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            first = node.value.strip().lower().split(" ", 1)[0]
            assert first not in {
                "select",
                "insert",
                "update",
                "delete",
                "attach",
                "copy",
            }, (path, node.lineno)


def calls(statement: ast.stmt) -> str:
    """What a module-level statement calls, as text."""
    return ast.unparse(statement)


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_a_page_asks_who_looks_before_it_draws(path: Path) -> None:
    acting = [
        node
        for node in tree_of(path).body
        if isinstance(node, ast.Expr | ast.Assign)
        and any(isinstance(child, ast.Call) for child in ast.walk(node))
    ]

    assert calls(acting[0]) == "viewer = access.guard()"


def test_nothing_is_kept_on_disk_or_unpickled() -> None:
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        for banned in ('persist="disk"', "pickle", "joblib", "yaml.load(", "deserialize"):
            assert banned not in text, path


@cache
def contracts() -> dict[str, dict[str, dict[str, object]]]:
    """Model → column → what its YAML says of it."""
    import yaml

    found = {}
    for path in (REPOSITORY / "dbt_project" / "models").rglob("*.yml"):
        for model in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("models", []):
            found[model["name"]] = {column["name"]: column for column in model.get("columns", [])}
    return found


def test_every_rate_on_a_page_is_declared_by_its_model() -> None:
    """`snapshot.rate` needs numerator and denominator in the model's own YAML."""
    asked = set()
    for path in FILES:
        asked |= set(re.findall(r"\.rate\((\w+), \"(\w+)\"", path.read_text(encoding="utf-8")))
    declared = contracts()
    rates = {column for table in declared.values() for column in table if column.endswith("_rate")}
    metrics = {
        name
        for table in declared.values()
        for name, column in table.items()
        if {"numerator", "denominator"}
        <= set(column.get("config", {}).get("meta", {}).get("metric", {}))  # type: ignore[attr-defined]
    }

    assert {"repeat_rate", "abandonment_rate", "open_rate"} <= metrics
    assert {name for _, name in asked} & rates <= metrics


@pytest.mark.parametrize("kind", list(KINDS))
def test_the_pages_are_tested_on_columns_the_marts_promise(kind: str) -> None:
    promised = contracts()
    made = [
        spec for spec in models(KINDS[kind]) if spec.schema == "marts" and spec.frame is not None
    ]

    unknown = {
        spec.name: sorted(set(spec.frame.columns) - set(promised[spec.name]))  # type: ignore[union-attr]
        for spec in made
    }

    assert {name: columns for name, columns in unknown.items() if columns} == {}


def test_the_exposures_name_what_the_pages_read() -> None:
    import yaml

    text = (REPOSITORY / "dbt_project" / "models" / "exposures.yml").read_text(encoding="utf-8")
    named = {
        re.findall(r"'(\w+)'", ref)[0]
        for exposure in yaml.safe_load(text)["exposures"]
        if exposure["type"] == "dashboard"
        for ref in exposure["depends_on"]
        if "seg_" not in ref
    }
    read = set()
    for path in FILES:
        read |= set(re.findall(r'"((?:rpt|fct|dim)_\w+)"', path.read_text(encoding="utf-8")))

    assert named == read


def test_the_server_answers_on_this_machine_alone() -> None:
    import tomllib

    config = tomllib.loads((REPOSITORY / ".streamlit" / "config.toml").read_text(encoding="utf-8"))

    assert config["server"]["address"] == "127.0.0.1"
    assert config["server"]["enableCORS"]
    assert config["server"]["enableXsrfProtection"]
    assert config["server"]["allowedHosts"] == ["localhost", "127.0.0.1"]
    assert not config["server"]["enableAgentApi"]
    assert config["client"]["showErrorDetails"] == "none"
    assert config["client"]["toolbarMode"] == "minimal"
    assert not config["browser"]["gatherUsageStats"]


def test_one_place_alone_gives_files_to_download() -> None:
    """Their links need no cookie, so what goes into them is looked at in one place."""
    givers = {path.name for path in FILES if "download_button" in path.read_text(encoding="utf-8")}

    assert givers == {"parts.py"}
    assert "download" not in (DASHBOARDS / "one_person.py").read_text(encoding="utf-8")


def test_the_frame_asks_who_looks_before_it_speaks() -> None:
    calls_made = [
        ast.unparse(node.value.func)
        for node in tree_of(DASHBOARDS / "app.py").body
        if isinstance(node, ast.Expr | ast.Assign) and isinstance(node.value, ast.Call)
    ]

    assert calls_made[:2] == ["st.set_page_config", "access.guard"]


def test_nothing_that_is_kept_knows_who_looked() -> None:
    """A cached answer is everybody's: it must not depend on a role, nor be one of Streamlit's."""
    kept = []
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert "st.cache" not in text, path
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef) and any(
                "cache" in ast.unparse(decorator) for decorator in node.decorator_list
            ):
                kept.append(node.name)
                said = ast.unparse(node)
                for word in ("viewer", "Viewer", "Role", "role", "may(", "session_state", "user"):
                    assert word not in said, (path, node.name, word)

    assert "ratio" in kept
