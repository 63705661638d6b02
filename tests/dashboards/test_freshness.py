"""An open page notices a newer file, and keeps the last good numbers when a run fails."""

from pathlib import Path

import pytest

from dashboards import freshness
from dashboards.snapshot import current
from pipelines.run_state import Progress, Stage
from pipelines.settings import Home
from tests.dashboards.conftest import Opener, shown
from tests.dashboards.fixture import AS_OF, publish_kind

# Snapshots published while a page is open.
pytestmark = pytest.mark.slow


class PageStub:
    """What freshness asks of a page."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.snapshot = current(home)


def test_a_page_is_behind_once_the_pointer_has_moved(tmp_path: Path) -> None:
    page = PageStub(publish_kind(tmp_path, "small"))
    assert not freshness.is_behind(page)  # type: ignore[arg-type]

    publish_kind(tmp_path, "no_carts")

    assert freshness.is_behind(page)  # type: ignore[arg-type]
    assert not freshness.is_behind(PageStub(page.home))  # type: ignore[arg-type]


def test_a_page_keeps_what_it_has_open_where_nothing_whole_is_left(tmp_path: Path) -> None:
    page = PageStub(publish_kind(tmp_path, "small"))
    for file in page.home.published.glob("*.duckdb"):
        file.unlink()

    assert not freshness.is_behind(page)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_failed_run_is_said_above_the_last_good_numbers(
    opened: Opener, published: dict[str, Path], tmp_path: Path, language: str
) -> None:
    published["failing"] = tmp_path
    home = publish_kind(tmp_path, "small")
    progress = Progress(home, "r", started_at=AS_OF)
    progress.reach(Stage.BUILD)
    progress.end()

    app = opened("data_health", kind="failing", language=language)

    (banner,) = (element.value for element in app.warning)
    if language == "ja":
        assert "2026/11/20(金) 06:05からの集計が、計算と検査で止まりました。" in banner
        assert "最後に成功した集計を表示しています" in banner
    else:
        assert "stopped at a calculation or its check" in banner
    assert "`okaeri run`" in banner
    assert "2026/11/20(金) 06:05 時点" in shown(app) or language == "en"

    progress.reach(Stage.DONE)

    assert not opened("data_health", kind="failing", language=language).warning


def test_the_overview_does_not_call_old_figures_new(
    opened: Opener, published: dict[str, Path], tmp_path: Path
) -> None:
    published["failing"] = tmp_path
    home = publish_kind(tmp_path, "small")
    assert "は最新です" in shown(opened("overview", kind="failing"))

    progress = Progress(home, "r", started_at=AS_OF)
    progress.end()
    text = shown(opened("overview", kind="failing"))

    assert "2026/11/20(金) 06:05からの集計が最後まで終わらず" in text
    assert "は最新です" not in text
