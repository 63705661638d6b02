"""The pages in a real browser: the document's language, no foreign words, no foreign hosts."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, sync_playwright

from dashboards.sentences import LATIN_IN_JAPANESE
from tests.browser.screenshots import CHROMIUM, PAGES, QUIET, dashboard, settle
from tests.dashboards.fixture import publish_kind

pytestmark = pytest.mark.browser
# What Streamlit writes itself and offers no setting for: its link for screen readers ("Skip to main
# content") and the names of its icons; and the other language's name in the switch.
STREAMLIT_OWN = {
    "Skip",
    "to",
    "main",
    "content",
    "keyboard",
    "double",
    "arrow",
    "right",
    "left",
    "down",
    "English",
    "expand",
    "more",
}
# A zone's and a segment's own names, and the file's version in the receipt.
NAMES = {"Asia", "Tokyo"}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("browser")
    publish_kind(folder, "demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OKAERI_HOME", str(folder))
        patch.delenv("OKAERI_SHOP", raising=False)
        with dashboard() as running:
            yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.fail(f"{CHROMIUM} is missing: apt-get install chromium fonts-noto-cjk")
    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield running
        running.close()


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("name", list(PAGES))
def test_a_page_speaks_one_language_and_to_one_host(
    address: str, browser: Browser, name: str, language: str
) -> None:
    page = browser.new_page(locale="ja-JP" if language == "ja" else "en-GB")
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname or ""))

    page.goto(f"{address}/{PAGES[name]}?lang={language}")
    settle(page)

    assert page.evaluate("document.documentElement.lang") == language
    assert hosts - {""} == {"127.0.0.1"}
    if language == "ja":
        # A command is typed as it stands.
        page.evaluate("document.querySelectorAll('code').forEach(code => code.remove())")
        text = page.inner_text("body")
        foreign = (
            set(re.findall(r"[A-Za-z]{2,}\d*", text)) - LATIN_IN_JAPANESE - STREAMLIT_OWN - NAMES
        )
        assert foreign == set()
    page.close()


@pytest.mark.parametrize("name", list(PAGES))
def test_a_page_fits_a_phone(address: str, browser: Browser, name: str) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 780}, locale="ja-JP")

    page.goto(f"{address}/{PAGES[name]}?lang=ja")
    settle(page)

    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.close()


def test_a_file_comes_down_with_the_words_of_the_screen(address: str, browser: Browser) -> None:
    page = browser.new_page(locale="ja-JP")
    page.goto(f"{address}/cart_recovery?lang=ja")
    settle(page)

    with page.expect_download() as coming:
        page.get_by_text("この表をCSVで保存", exact=False).nth(1).click()
    data = Path(coming.value.path()).read_bytes()

    assert coming.value.suggested_filename == "cart_recovery_results_20261120.csv"
    assert data.startswith(b"\xef\xbb\xbf")
    assert "項目,1通目,2通目,合計" in data.decode("utf-8-sig")
    page.close()
