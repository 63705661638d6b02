"""What tests measured is printed below the run, also where workers ran them."""

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each property a test recorded under the name `measured`."""
    for report in terminalreporter.stats.get("passed", []):
        for name, value in getattr(report, "user_properties", []):
            if name == "measured" and report.when == "call":
                terminalreporter.write_line(str(value))
