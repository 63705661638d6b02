"""A new file is published while three people read: nobody sees an error, each sees the new one."""

import datetime as dt
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from dashboards.freshness import EVERY
from tests.browser.screenshots import dashboard, errors_of, settle
from tests.dashboards.fixture import AS_OF, publish_kind

pytestmark = pytest.mark.browser
READ = ("cart_recovery?period=trailing_12", "cohorts?variant=classic", "data_health")
# Drawing three pages at once takes its time on a small machine.
MILLISECONDS = 60_000
OLD, NEW = "2026/11/20(金) 06:05 時点", "2026/11/20(金) 07:05 時点"


def test_three_readers_see_what_is_published_by_themselves(
    tmp_path: Path, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_kind(tmp_path, "demo")
    monkeypatch.setenv("OKAERI_HOME", str(tmp_path))
    monkeypatch.delenv("OKAERI_SHOP", raising=False)
    with dashboard() as address:
        pages = [browser.new_context(locale="ja-JP").new_page() for _ in READ]
        errors = [errors_of(page) for page in pages]
        for page, path in zip(pages, READ, strict=True):
            page.goto(f"{address}/{path}")
            page.get_by_text(OLD).wait_for(timeout=MILLISECONDS)
            settle(page)
        first = [page.url for page in pages]

        publish_kind(tmp_path, "demo", as_of=AS_OF + dt.timedelta(hours=1))
        # Nobody touches the pages: they look by themselves, this often.
        assert EVERY.total_seconds() < 5
        for page in pages:
            page.get_by_text(NEW).wait_for(timeout=MILLISECONDS)

        assert [page.url for page in pages] == first
        assert errors == [[], [], []]
        assert [page.locator('[data-testid="stException"]').count() for page in pages] == [0, 0, 0]
        for page in pages:
            page.context.close()
