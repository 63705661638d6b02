"""Laws of the house that no linter knows. Each failure names the place and the way out."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.settings import REPOSITORY

PYTHON = sorted(
    file for folder in ("pipelines", "dashboards") for file in (REPOSITORY / folder).rglob("*.py")
)


def shown(file: Path) -> str:
    return str(file.relative_to(REPOSITORY))


def test_imports_keep_to_the_street():
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("file", PYTHON, ids=shown)
def test_a_long_file_says_why_it_is_long(file):
    lines = file.read_text().splitlines()
    opening = " ".join(lines[:8]).lower()

    assert len(lines) <= 300 or "long" in opening, f"{shown(file)}: {len(lines)} lines, no reason"


@pytest.mark.parametrize("file", PYTHON, ids=shown)
def test_a_long_function_says_why_it_is_long(file):
    source = file.read_text()
    long = [
        f"{shown(file)}:{node.lineno} {node.name} ({node.end_lineno - node.lineno + 1} lines)"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno + 1 > 40
        and "long" not in (ast.get_docstring(node) or "").lower()
    ]

    assert not long


def test_only_settings_reads_the_environment():
    reader = re.compile(r"os\.environ(?!\s*\|)|os\.getenv")
    readers = [
        shown(file)
        for file in PYTHON
        if reader.search(file.read_text()) and file.name != "settings.py"
    ]

    # The manifest's parser passes the whole environment on to its child; it reads nothing from it.
    assert readers == ["pipelines/defs/warehouse.py"]


def test_nothing_unpickles_or_runs_yaml_tags():
    banned = re.compile(
        r"\bpickle\b|\bjoblib\b|yaml\.load\(|persist=.disk|pl\.deserialize|\beval\("
    )
    found = [shown(file) for file in PYTHON if banned.search(file.read_text())]

    assert not found


def test_nothing_tracked_names_a_package_index():
    lock = (REPOSITORY / "requirements.lock").read_text()

    assert "://" not in lock
    assert "--index-url" not in lock
    assert lock.count("--hash=sha256:") > 500
