"""Every page of two small shops, for both roles, wide and on a phone: true, no 0 for unknown."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser, Page

from tests.browser.own_shops import publish
from tests.browser.screenshots import PAGES, REPORT, errors_of, seen_by, settle

pytestmark = [pytest.mark.browser, pytest.mark.slow]
# Pages that count what is there to do, where none is a count.
COUNTED = {"exports", "segments", "data_health"}
Ask = Callable[[str], tuple[object, ...]]


def file_of(homes: Path) -> Path:
    (pointer,) = homes.glob("*/published/CURRENT.json")
    return pointer.with_name(json.loads(pointer.read_text())["file"])


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {
        name: publish(name, tmp_path_factory.mktemp(name)) for name in ("few_orders", "no_carts")
    }


@pytest.fixture(params=["viewer", "exporter"])
def role(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def seen(
    homes: dict[str, Path], browser: Browser, role: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Iterator[tuple[str, str, list[str]]]]:
    """Name, answering sentence and numbers of every page, drawn without fault and fit for a phone."""

    def walk(shop: str) -> Iterator[tuple[str, str, list[str]]]:
        monkeypatch.setenv("OKAERI_HOME", str(homes[shop]))
        monkeypatch.delenv("OKAERI_SHOP", raising=False)
        with seen_by(role) as address:
            page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="ja-JP")
            errors = errors_of(page)
            for name, path in (PAGES | REPORT).items():
                page.goto(f"{address}/{path}{'&' if '?' in path else '?'}lang=ja")
                settle(page)
                assert page.locator('[data-testid="stException"]').count() == 0, name
                yield name, page.inner_text(".ok-answer >> nth=0"), numbers(page)
                fits_a_phone(page, name)
            page.close()
            assert errors == []

    return walk


def numbers(page: Page) -> list[str]:
    return page.locator(".ok-card .main").all_inner_texts()


def fits_a_phone(page: Page, name: str) -> None:
    page.set_viewport_size({"width": 360, "height": 780})
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360, name
    page.set_viewport_size({"width": 1280, "height": 900})


def asker(homes: Path) -> Ask:
    def ask(query: str) -> tuple[object, ...]:
        with duckdb.connect(str(file_of(homes)), read_only=True) as connection:
            row = connection.execute(query).fetchone()
        assert row is not None, query
        return row

    return ask


def of_rate(row: tuple[object, ...]) -> str:
    """As a sentence shows a rate's parts."""
    return f"{row[0]:,}/{row[1]:,}、"


def repeat_within(days: int) -> str:
    return (
        "select repeated_person_count, eligible_person_count from rpt_repeat_rate"
        f" where period_key = 'trailing_12' and from_order_no = 1 and within_days = {days}"
    )


def test_a_shop_of_thirty_orders_a_month_is_told_what_its_files_say(
    homes: dict[str, Path], seen
) -> None:
    ask = asker(homes["few_orders"])
    said = {name: (answer, cards) for name, answer, cards in seen("few_orders")}
    carts = "from rpt_recovery_waterfall where period_key = 'trailing_3' and dimension = 'all'"
    carts += " and campaign_key = 'all'"
    (total,) = ask(f"select sum(episode_count) {carts}")
    (reachable,) = ask(f"select sum(episode_count) {carts} and terminal_state = 'no_campaign'")
    left = "select abandoned_count from rpt_cart_days where day_on = date '2026-11-19'"

    assert set(said) == set(PAGES | REPORT)
    assert f"{ask(left)[0]}件" in said["overview"][0]
    assert f"{total}件のうち、メールを送ったものはありません" in said["cart_recovery"][0]
    assert f"{reachable}件" in said["cart_recovery"][0]
    assert said["cart_recovery"][1][2:] == ["—", "—"]
    assert of_rate(ask(repeat_within(180))) in said["retention"][0]
    assert "効果を測れません" in said["experiments"][0]


def test_a_shop_without_carts_is_never_told_of_none(homes: dict[str, Path], seen) -> None:
    ask = asker(homes["no_carts"])
    said = {name: (answer, cards) for name, answer, cards in seen("no_carts")}
    guests = "select count(*) from dim_person_phases where is_current and phase = 'guest_buyer'"

    assert set(said) == set(PAGES | REPORT)
    assert of_rate(ask(repeat_within(90))) in said["overview"][0]
    assert "受注だけでは計算できません" in said["cart_recovery"][0]
    assert of_rate(ask(repeat_within(180))) in said["retention"][0]
    assert f"{ask(guests)[0]:,}人" in said["customers"][0]
    for name, (answer, cards) in said.items():
        if name not in COUNTED:
            zeros = [one for one in cards if one in {"0件", "0人", "0通", "0", "￥0", "£0", "0.0%"}]
            assert zeros == [], name
            assert "円" not in answer
