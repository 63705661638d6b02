"""What tests measured is printed below the run; a shop that differs from the oracle is shrunk."""

import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.shrink import DiffersError, shrink, told


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each property a test recorded under the name `measured`."""
    for report in terminalreporter.stats.get("passed", []):
        for name, value in getattr(report, "user_properties", []):
            if name == "measured" and report.when == "call":
                terminalreporter.write_line(str(value))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Beside a difference stands what is left of the shop when every idle row is taken out."""
    report = yield
    error = call.excinfo.value if call.excinfo is not None else None
    if isinstance(error, DiffersError):
        with tempfile.TemporaryDirectory() as folder:
            left = shrink(error.shop, error.mart, folder=Path(folder))
        text = "not without the other shops" if left is None else told(*left)
        report.sections.append((f"Shrunk shop {error.shop.shop_id}", text))
    return report
