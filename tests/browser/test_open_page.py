"""A page left open in a real browser: it says that a run has failed, and takes a report in."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from pipelines import requests
from pipelines.run_state import Progress, Stage
from pipelines.settings import Home
from tests.browser.screenshots import dashboard, settle
from tests.dashboards.fixture import AS_OF, publish_kind

pytestmark = pytest.mark.browser
# A page looks every five seconds; beside other work on a small machine it comes to it later.
MILLISECONDS = 60_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return publish_kind(tmp_path_factory.mktemp("open_page"), "totals")


@pytest.fixture(scope="module")
def address(home: Home) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OKAERI_HOME", str(home.path.parent))
        patch.delenv("OKAERI_SHOP", raising=False)
        with dashboard() as running:
            yield running


@pytest.fixture
def page(address: str, browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(locale="ja-JP")
    opened.goto(f"{address}/data_health?lang=ja&view=audit")
    settle(opened)
    yield opened
    opened.close()


def test_a_failed_run_is_said_and_taken_back_on_an_open_page(page: Page, home: Home) -> None:
    banner = page.get_by_text("計算と検査で止まりました")
    assert banner.count() == 0

    progress = Progress(home, "r", started_at=AS_OF)
    progress.reach(Stage.BUILD)
    progress.end()
    banner.wait_for(timeout=MILLISECONDS)
    # The last good numbers stay where they were.
    assert page.locator(".ok-card").count() == 4

    progress.reach(Stage.DONE)
    banner.wait_for(state="detached", timeout=MILLISECONDS)


def test_a_report_is_handed_in_and_the_uploader_speaks_the_pages_language(
    page: Page, home: Home, tmp_path: Path
) -> None:
    report = tmp_path / "a[1].csv"
    report.write_text("ステップ,送信数\n1通目,10\n", encoding="utf-8")

    assert "Drag" not in page.inner_text("body")
    assert "Browse" not in page.inner_text("body")
    page.locator("input[type=file]").set_input_files(report)
    page.get_by_text("a[1].csv").first.wait_for()
    page.get_by_role("button", name="検算に出す").click()
    page.get_by_text("次の集計で取り込みます").last.wait_for()

    (kept,) = requests.reports_of(home, "aoi")
    assert (kept.file_name, kept.actor) == ("a[1].csv", "loopback")
    assert (home.uploads / kept.kind / kept.stored_name).read_bytes() == report.read_bytes()
