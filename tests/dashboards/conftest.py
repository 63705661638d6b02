"""Published shops, one per kind, and pages run without a browser."""

import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from pipelines.settings import REPOSITORY
from tests.dashboards.fixture import KINDS, publish_kind

PAGES = (
    "overview",
    "cart_recovery",
    "exports",
    "retention",
    "cohorts",
    "customers",
    "merchandising",
    "experiments",
    "segments",
    "data_health",
)
Opener = Callable[..., AppTest]


@pytest.fixture(scope="session", autouse=True)
def packages_read_once() -> Iterator[None]:
    """A server reads what every installed package says of itself at its start, AppTest per app."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            manifest_scanner,
            "scan_component_manifests",
            cache(manifest_scanner.scan_component_manifests),
        )
        yield


@pytest.fixture(autouse=True)
def own_main_module() -> Iterator[None]:
    """AppTest leaves its script as `__main__`, which no process that is started later can import."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folder of each kind of shop."""
    folders = {}
    for name in KINDS:
        folders[name] = tmp_path_factory.mktemp(name)
        publish_kind(folders[name], name)
    return folders


@pytest.fixture
def opened(published: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Opener:
    """Runs one page of one shop in one language for one role."""

    def run(
        page: str,
        *,
        kind: str = "demo",
        language: str = "ja",
        role: str = "exporter",
        **chosen: str,
    ) -> AppTest:
        """`chosen` stands in the address, as in a link a colleague sent."""
        monkeypatch.setenv("OKAERI_HOME", str(published[kind]))
        monkeypatch.delenv("OKAERI_SHOP", raising=False)
        monkeypatch.chdir(REPOSITORY)
        app = AppTest.from_file(
            str(REPOSITORY / "dashboards" / "app_pages" / f"{page}.py"), default_timeout=60
        )
        for name, value in {**chosen, "lang": language}.items():
            app.query_params[name] = value
        app.secrets["access"] = {"loopback_role": role}
        return app.run()

    return run


@pytest.fixture(scope="session")
def drawings() -> dict[tuple[object, ...], AppTest]:
    """Pages that were drawn already."""
    return {}


@pytest.fixture
def drawn(opened: Opener, drawings: dict[tuple[object, ...], AppTest]) -> Opener:
    """As `opened`, drawn once per session: for whoever only reads what it says."""

    def read(page: str, **chosen: str) -> AppTest:
        key = (page, *sorted(chosen.items()))
        if key not in drawings:
            drawings[key] = opened(page, **chosen)
        return drawings[key]

    return read


def html_of(app: AppTest) -> list[str]:
    """The page's own HTML, part by part."""
    assert not app.exception, app.exception
    return [
        element.proto.html.body if hasattr(element.proto, "html") else element.proto.body
        for element in app.get("html")
    ]


def shown(app: AppTest) -> str:
    """Everything the page says, as plain text."""
    parts = html_of(app)
    parts += [e.value for kind in ("markdown", "caption", "warning") for e in app.get(kind)]
    for kind in (
        "segmented_control",
        "button_group",
        "selectbox",
        "download_button",
        "expander",
        "popover",
        "tab",
    ):
        parts += [str(getattr(e, "label", "")) for e in app.get(kind)]
    text = re.sub(r"<(script|style)\b.*?</\1>", "", "\n".join(parts), flags=re.DOTALL)
    return re.sub(r"<[^>]+>", " ", text)
