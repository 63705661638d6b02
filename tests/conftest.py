"""How tests are dealt out: what shares a build stays in one process."""

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One group per file; the golden cases share one build, so they are one group."""
    for item in items:
        name = "golden" if item.path.parent.name == "golden" else str(item.path)
        item.add_marker(pytest.mark.xdist_group(name))
