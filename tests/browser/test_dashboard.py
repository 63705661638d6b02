"""The pages in a real browser: the document's language, no foreign words, no foreign hosts."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
import pytest
from playwright.sync_api import Browser

from dashboards.sentences import LATIN_IN_JAPANESE
from pipelines.settings import Home
from tests.browser.screenshots import PAGES, REPORT, dashboard, errors_of, settle
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
    "chevron",
    "expand",
    "more",
}
# A zone's and a segment's own names, and the file's version in the receipt.
NAMES = {"Asia", "Tokyo", "mail"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return publish_kind(tmp_path_factory.mktemp("browser"), "demo")


@pytest.fixture(scope="module")
def address(home: Home) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OKAERI_HOME", str(home.path.parent))
        patch.delenv("OKAERI_SHOP", raising=False)
        with dashboard() as running:
            yield running


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("name", list(PAGES))
def test_a_page_speaks_one_language_and_to_one_host(
    address: str, browser: Browser, name: str, language: str
) -> None:
    page = browser.new_page(locale="ja-JP" if language == "ja" else "en-GB")
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname or ""))
    errors = errors_of(page)

    page.goto(f"{address}/{PAGES[name]}?lang={language}")
    settle(page)

    assert errors == []
    assert page.locator('[data-testid="stException"]').count() == 0
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


@pytest.mark.parametrize("path", [*PAGES.values(), *REPORT.values()])
def test_a_page_fits_a_phone(address: str, browser: Browser, path: str) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 780}, locale="ja-JP")

    page.goto(f"{address}/{path}")
    settle(page)

    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.close()


def test_a_file_comes_down_with_the_words_of_the_screen(address: str, browser: Browser) -> None:
    page = browser.new_page(locale="ja-JP")
    page.goto(f"{address}/cart_recovery?lang=ja")
    settle(page)

    with page.expect_download() as coming:
        page.locator(".st-key-cart_recovery_results_csv button").click()
    data = Path(coming.value.path()).read_bytes()

    assert coming.value.suggested_filename == "cart_recovery_results_20261120.csv"
    assert data.startswith(b"\xef\xbb\xbf")
    assert "項目,1通目,2通目,合計" in data.decode("utf-8-sig")
    page.close()


def test_a_view_is_sent_on_with_its_address(address: str, browser: Browser) -> None:
    page = browser.new_page(locale="ja-JP")
    page.goto(f"{address}/cart_recovery?lang=ja")
    settle(page)
    page.get_by_role("radio", name="直近12か月").click()
    page.get_by_role("tab", name="7つの数え方").click()
    page.wait_for_url("**tab=rules**")
    settle(page)
    link = page.url

    colleague = browser.new_page(locale="en-GB")
    colleague.goto(link.replace("lang=ja", "lang=en"))
    settle(colleague)

    assert "period=trailing_12" in link
    assert "The same mails under seven rules (last 12 months)" in colleague.inner_text("body")
    colleague.close()
    page.close()


def test_the_report_prints_on_one_sheet_and_nothing_else_does(
    address: str, browser: Browser
) -> None:
    page = browser.new_page(locale="ja-JP", color_scheme="dark")
    page.goto(f"{address}/?view=report&lang=ja")
    settle(page)
    page.get_by_label("コメント", exact=False).fill("11月は予約販売を始めます。")
    page.get_by_label("コメント", exact=False).press("Control+Enter")
    page.get_by_text("11月は予約販売を始めます。").nth(1).wait_for()

    pdf = page.pdf(prefer_css_page_size=True)
    page.emulate_media(media="print")

    # 595 by 842 points are A4.
    assert len(re.findall(rb"/Type /Page\b", pdf)) == 1
    assert re.search(rb"/MediaBox \[0 0 59[45]\.\d+ 84[12]\.\d+\]", pdf)
    assert page.locator(".ok-report").is_visible()
    assert not page.locator(".ok-print").is_visible()
    assert not page.locator('[data-testid="stSidebar"]').is_visible()
    assert not page.locator(".ok-cards").first.is_visible()
    assert not page.get_by_text("計算の根拠").first.is_visible()
    ground = "getComputedStyle(document.querySelector('.stApp')).backgroundColor"
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    page.close()


def test_a_dark_screen_gets_dark_pages(address: str, browser: Browser) -> None:
    inks = {}
    for scheme in ("light", "dark"):
        page = browser.new_page(locale="ja-JP", color_scheme=scheme)
        page.goto(f"{address}/cart_recovery?lang=ja")
        settle(page)
        inks[scheme] = (
            page.evaluate("getComputedStyle(document.querySelector('.ok-answer')).color"),
            page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor"),
        )
        page.close()

    assert inks["light"][0] != inks["dark"][0]
    assert inks["light"][1] == "rgb(255, 255, 255)"
    assert inks["dark"][1] == "rgb(20, 24, 29)"


def test_the_numbers_on_the_screen_are_those_of_the_published_file(
    address: str, browser: Browser, home: Home
) -> None:
    """Five figures under a filter, read from the file beside the browser."""
    file = home.published / json.loads((home.published / "CURRENT.json").read_text())["file"]
    where = "period_key = 'trailing_6'"
    with duckdb.connect(str(file), read_only=True) as connection:
        total, value = connection.execute(
            "select sum(episode_count), sum(value_amount) from rpt_recovery_waterfall"
            f" where {where} and dimension = 'all' and campaign_key = 'all'"
        ).fetchall()[0]
        sent, orderers, amount = connection.execute(
            "select sent_count, orderer_count, recovered_amount from rpt_recovery_steps"
            f" where {where} and step_number = 0 and arm_key = 'all' and is_mature"
        ).fetchall()[0]
    page = browser.new_page(locale="ja-JP")

    page.goto(f"{address}/cart_recovery?lang=ja&period=trailing_6")
    settle(page)
    text = page.inner_text("body")

    for shown in (
        f"{total:,}件",
        f"￥{value:,.0f}",
        f"{sent:,}通",
        f"{orderers:,}人",
        f"{amount:,.0f}",
    ):
        assert shown in text
    page.close()
