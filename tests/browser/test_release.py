"""From the builder to the outbox, by clicks alone; and that a viewer's clicks lead nowhere."""

import csv
import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, WebSocket

from pipelines import exports, requests, saved_segments
from pipelines.settings import Home
from tests.browser.screenshots import dashboard, errors_of, settle
from tests.browser.shop import carry_out_requests, publish_writable

pytestmark = pytest.mark.browser
EXPORTER, VIEWER = "erika@a.example", "vera@a.example"
# Keeps the page's own connection where the test finds it.
KEEP_SOCKET = """
const Native = window.WebSocket;
window.WebSocket = class extends Native {
  constructor(...given) { super(...given); window.kept = this; }
};
"""
# From now on it tells its server nothing and keeps what it wanted to say.
CATCH = """() => {
  window.caught = [];
  window.kept.send = bytes => window.caught.push(Array.from(bytes));
}"""


@dataclass
class World:
    """A shop of its own, and where its pages are served behind a proxy that names people."""

    folder: Path
    home: Home
    address: str
    browser: Browser

    @contextmanager
    def session(self, email: str) -> Iterator[Page]:
        """A page of somebody the proxy has named."""
        context = self.browser.new_context(
            locale="ja-JP", extra_http_headers={"X-Forwarded-Email": email}
        )
        context.add_init_script(KEEP_SOCKET)
        page = context.new_page()
        errors = errors_of(page)
        yield page
        assert errors == []
        context.close()

    def open(self, page: Page, name: str) -> None:
        page.goto(f"{self.address}/{name}?lang=ja")
        settle(page)

    def carry_out(self) -> int:
        return carry_out_requests(self.folder)

    def states(self) -> list[tuple[str, bool]]:
        return [(r.request_state, r.dry_run) for r in requests.all_of(self.home, "demo")]


@pytest.fixture
def world(tmp_path: Path, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    home = publish_writable(tmp_path)
    monkeypatch.setenv("OKAERI_HOME", str(tmp_path))
    monkeypatch.delenv("OKAERI_SHOP", raising=False)
    named = '{"X-Forwarded-Email": "email"}'
    with dashboard("--server.trustedUserHeaders", named) as address:
        yield World(tmp_path, home, address, browser)


def pick(page: Page, key: str, word: str) -> None:
    """Chooses by typing, as in any list of Streamlit's."""
    box = page.locator(f".st-key-{key} input").first
    box.click()
    box.fill(word)
    page.get_by_role("option", name=word, exact=True).click()
    settle(page)


def build_segment(page: Page) -> None:
    """People who have ordered three times or more."""
    pick(page, "builder_column_0", "注文回数")
    pick(page, "builder_operator_0_whole", "以上")
    amount = page.locator(".st-key-builder_value_0_order_count_at_least input")
    amount.fill("3")
    amount.press("Enter")
    page.get_by_text("いま 4人").wait_for()
    page.get_by_label("保存する名前").fill("thrice")
    page.get_by_label("画面での名前").fill("3回以上")
    page.get_by_role("button", name="保存する").click()
    page.get_by_text("「3回以上」を第1版として保存しました。").wait_for()


def ask_for_plan(page: Page) -> None:
    form = page.locator('[data-testid="stForm"]')
    form.locator("input").first.click()
    page.get_by_role("option", name="3回以上", exact=True).click()
    page.get_by_role("button", name="事前確認（書き出さない）").click()
    page.get_by_text("状態: 順番待ち").wait_for()


def frames_of(page: Page) -> list[bytes]:
    """Everything this page tells its server from now on."""
    sent: list[bytes] = []

    def follow(socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: sent.append(bytes(frame)))

    page.on("websocket", follow)
    return sent


def test_a_segment_is_built_planned_released_and_lies_in_the_outbox(world: World) -> None:
    with world.session(EXPORTER) as page:
        world.open(page, "segments")
        build_segment(page)
        world.open(page, "exports")
        ask_for_plan(page)
        assert world.carry_out() == 1
        page.get_by_text("書き出す人").wait_for()
        assert "3人" in page.inner_text(".ok-table >> nth=1")
        page.get_by_role("button", name="書き出しを承認").click()
        page.get_by_text("状態: 順番待ち").wait_for()
        assert world.carry_out() == 1
        page.locator('[data-testid="stCode"]').first.wait_for()

    (file,) = (world.home.outbox / "mailer").glob("*.csv")
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
    (batch,) = exports.batches(world.home)
    (released,) = [one for one in requests.all_of(world.home, "demo") if not one.dry_run]
    assert {row["email"] for row in rows} == {f"p{n}@example.jp" for n in (9, 10, 11)}
    assert (batch.nrows, batch.segment, batch.slot) == (3, "thrice", released.slot)
    assert (batch.state, batch.fname) == ("DELIVERED", file.name)
    assert batch.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert released.requested_by == EXPORTER


def replayed(world: World, name: str, sent: list[bytes], *, before: object) -> None:
    """Sends what an exporter's page told the server in a viewer's own connection."""
    with world.session(VIEWER) as page:
        world.open(page, name)
        assert page.get_by_text("閲覧者").count()
        for frame in sent:
            page.evaluate("bytes => window.kept.send(new Uint8Array(bytes))", list(frame))
            page.wait_for_timeout(250)
        settle(page)
        assert not page.get_by_role("button", name="書き出しを承認").count()
        assert not page.get_by_role("button", name="保存する").count()
        assert world.states() == before


def test_what_an_exporter_clicked_does_nothing_in_a_viewers_session(world: World) -> None:
    with world.session(EXPORTER) as page:
        clicks = frames_of(page)
        world.open(page, "segments")
        build_segment(page)
        built = list(clicks)
        world.open(page, "exports")
        clicks.clear()
        ask_for_plan(page)
        asked = list(clicks)
        world.carry_out()
        page.get_by_role("button", name="書き出しを承認").wait_for()
        # The click itself, caught on its way: the server never hears of it.
        page.evaluate(CATCH)
        page.get_by_role("button", name="書き出しを承認").click()
        page.wait_for_function("window.caught.length > 0")
        released = [bytes(frame) for frame in page.evaluate("window.caught")]
        before = world.states()
        assert before == [("planned", True)]

    replayed(world, "segments", built, before=before)
    replayed(world, "exports", asked, before=before)
    replayed(world, "exports", released, before=before)
    assert [one.version for one in saved_segments.all_of(world.home, "demo")] == [1]
    assert not list(world.home.outbox.rglob("*.csv"))

    # What was caught is the real thing: where its sender sends it, it leaves.
    with world.session(EXPORTER) as page:
        world.open(page, "exports")
        for frame in released:
            page.evaluate("bytes => window.kept.send(new Uint8Array(bytes))", list(frame))
        page.get_by_text("状態: 順番待ち").wait_for()
    assert sorted(world.states()) == [("open", False), ("planned", True)]
