"""Every page for every role, in both languages, of people a proxy has named."""

from pathlib import Path

import pytest
import streamlit as st

from tests.dashboards.conftest import PAGES, Opener, shown
from tests.dashboards.fixture import publish_kind

ROLES = ("viewer", "exporter", "admin")
# Streamlit's own tests are this person's.
NAMED = "test@example.com"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def staffed(published: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> None:
    """The shop once per role of the one who looks."""
    for role in ROLES:
        folder = tmp_path_factory.mktemp(role)
        publish_kind(folder, "demo")
        with (folder / "shop.yml").open("a", encoding="utf-8") as stream:
            stream.write(f"people:\n- {{email: {NAMED}, role: {role}}}\n")
        published[role] = folder


@pytest.fixture(autouse=True)
def behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = st.get_option

    def told(key: str) -> object:
        return {"X-User": "email"} if key == "server.trustedUserHeaders" else asked(key)

    monkeypatch.setattr(st, "get_option", told)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_for_every_role_in_both_languages(
    opened: Opener, staffed: None, page: str, role: str, language: str
) -> None:
    app = opened(page, kind=role, language=language)
    text = shown(app)

    # The receipt names versions to whoever works with them, and to nobody else.
    assert ("settings1" in text) == (role != "viewer")
    assert len(app.get("html")) > 3
    assert "hanako@example.jp" not in text
