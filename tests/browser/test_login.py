"""A login in a real browser, at an OpenID Connect provider: who may look, and until when."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from pipelines.settings import Home
from tests.browser.identities import CLIENT, Provider, identities
from tests.browser.screenshots import settle
from tests.dashboards.fixture import publish_kind
from tests.dashboards.live import serving

pytestmark = pytest.mark.browser
STAFF = "people:\n- {email: taro@example.jp, role: viewer}\n"
TARO = {"email": "Taro@example.jp", "email_verified": True}
BUTTON, NO_ROLE = "ログイン", "権限がありません。"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return publish_kind(tmp_path_factory.mktemp("login"), "small")


@pytest.fixture
def shop_file(home: Home) -> Iterator[Path]:
    file = home.path.parent / "shop.yml"
    before = file.read_text(encoding="utf-8")
    file.write_text(before + STAFF, encoding="utf-8")
    yield file
    file.write_text(before, encoding="utf-8")


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with identities() as running:
        yield running


@pytest.fixture(scope="module")
def address(home: Home, provider: Provider) -> Iterator[str]:
    login = {
        "client_id": CLIENT,
        "client_secret": "x",
        "cookie_secret": "a secret of more than 32 bytes, of a test",
        "server_metadata_url": provider.metadata,
    }
    with serving(home.path.parent, login=login) as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.fixture
def logged_in(
    address: str, provider: Provider, browser: Browser, shop_file: Path
) -> Iterator[Callable[..., Page]]:
    context = browser.new_context(locale="ja-JP")

    def log_in(**who: object) -> Page:
        provider.who = who
        page = context.new_page()
        page.goto(f"{address}/?lang=ja")
        settle(page)
        assert page.locator(".ok-status").count() == 0
        with page.expect_response(lambda answer: "/oauth2callback" in answer.url):
            page.get_by_role("button", name=BUTTON).click()
        page.wait_for_load_state()
        settle(page)
        return page

    yield log_in
    context.close()


def test_one_of_the_staff_sees_the_pages_in_their_role(logged_in: Callable[..., Page]) -> None:
    page = logged_in(**TARO)

    assert page.locator(".ok-status").count() == 1
    assert "閲覧者" in page.locator("body").inner_text()


def test_whoever_is_taken_off_the_list_has_lost_access_at_the_next_click(
    logged_in: Callable[..., Page], shop_file: Path
) -> None:
    page = logged_in(**TARO)
    shop_file.write_text(
        shop_file.read_text(encoding="utf-8").replace("taro@", "hanako@"), encoding="utf-8"
    )

    page.reload()
    settle(page)

    assert page.locator(".ok-status").count() == 0
    assert NO_ROLE in page.locator("body").inner_text()


@pytest.mark.parametrize(
    "who",
    [
        {"email": "jiro@example.jp", "email_verified": True},
        {"email": "taro@example.jp", "email_verified": False},
        {"name": "taro@example.jp"},
    ],
    ids=["a stranger", "an address nobody verified", "no address"],
)
def test_a_login_alone_lets_nobody_in(
    logged_in: Callable[..., Page], who: dict[str, object]
) -> None:
    page = logged_in(**who)

    assert page.locator(".ok-status").count() == 0
    assert page.locator(".ok-empty").count() == 1
