"""One person on the customers page: found by a number, told to the minute, stopped by hand."""

import datetime as dt
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from sqlalchemy.exc import OperationalError
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner, Result

from dashboards import one_person, person_block
from dashboards.access import Viewer
from dashboards.one_person import entry, last, people_of, timeline
from dashboards.page import Page
from dashboards.snapshot import current
from dashboards.text import Words
from pipelines import requests
from pipelines.actors import Actor, NotAllowed, Origin, Role
from pipelines.cli import app
from pipelines.settings import Home
from tests.dashboards.conftest import Opener, shown
from tests.dashboards.one_person_rows import ORDER_NUMBER, OTHER, STOPPED

EXPORTER = Viewer("taro@example.jp", Role.EXPORTER)
BOSS = Actor("boss@example.jp", Role.ADMIN, Origin.DASHBOARD)


@pytest.fixture
def home(published: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """The shop of all pages, with requests of its own: no other test finds who looked."""
    monkeypatch.setenv("OKAERI_REQUESTS_URL", f"sqlite:///{tmp_path / 'requests.db'}")
    return Home(published["demo"] / "demo")


@pytest.fixture
def page(home: Home) -> Page:
    """The customers page as an exporter meets it, without its drawing."""
    shop: Any = SimpleNamespace(clock=None)
    return Page("customers", Words("ja"), current(home), EXPORTER, home, shop)


def looked(opened: Opener, number: str) -> AppTest:
    """The page after somebody typed a number and pressed the button."""
    app = opened("customers")
    app.text_input(key="person_number").set_value(number)
    return press(app, "経過を見る")


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click()
    return app.run()


def flat(app: AppTest) -> str:
    return " ".join(shown(app).split())


def looks(home: Home) -> list[tuple[str, str, str, str]]:
    found = requests.looks_of(home, "demo", by=BOSS)
    return [(one.person_id, one.found_by, one.actor, one.role) for one in found]


def test_why_somebody_got_a_mail_after_the_stop_is_told_to_the_minute(
    opened: Opener, home: Home
) -> None:
    app = looked(opened, "ec:101")
    text = flat(app)

    assert "この人には、いま配信できません: 配信停止。" in text
    assert "最後の同意: 2026/11/02(月) 09:05 お知らせ: 同意" in text
    assert "最後の停止: 2026/11/02(月) 15:02 配信停止" in text
    assert "最後の書き出し: 2026/11/02(月) 14:58 不達" in text
    assert looks(home) == [(STOPPED, "member", "loopback", "exporter")]
    # Nothing of a person stands in the address or in a file.
    address = str(dict(app.query_params))
    assert not any(part in address for part in ("101", STOPPED, "person"))
    assert [b.key for b in app.get("download_button") if "person" in str(b.key)] == []


def test_every_entry_says_when_what_and_why(page: Page) -> None:
    told = [" | ".join(map(str, entry(page, row))) for row in timeline(page, STOPPED)]

    assert told == [
        "2026/11/02(月) 15:02 | 停止 | 配信停止 | メール",
        "2026/11/02(月) 14:58 | 書き出し | 不達 | 休眠復帰 2通目 · メール · mailer · 一時的な不達",
        "2026/11/02(月) 14:00 | 送らなかった | 同じ施策の間隔 | 休眠復帰 2通目 · メール",
        "2026/11/02(月) 13:00 | 書き出し | クリック | 休眠復帰 1通目 · メール · mailer"
        " · 到達 2026/11/02(月) 13:03",
        "2026/11/02(月) 12:07 | カゴ落ち | 購入手続きの途中 | ￥9,800",
        "2026/11/02(月) 11:00 | カート | そのまま終了 | ￥9,800 · 終了 2026/11/04(水) 09:00",
        f"2026/11/02(月) 10:00 | 注文 | {ORDER_NUMBER} 完了 | ￥5,400",
        "2026/11/02(月) 09:05 | 配信同意 | お知らせ: 同意 | メール · フォーム · /join",
        "2026/11/02(月) 09:00 | 会員（最初の記録） | 101 | ",
    ]
    english = replace(page, words=Words("en"))
    assert entry(english, timeline(page, STOPPED)[2]) == [
        "2 Nov 2026, 14:00", "Kept back", "cool-down", "Win-back, mail 2 · e-mail",
    ]  # fmt: skip


def test_a_file_that_left_after_the_stop_is_marked(page: Page) -> None:
    """As it was, the mail left four minutes before; a consent after a stop may lift it."""
    rows = timeline(page, STOPPED)
    late = [row | {"happened_at": rows[0]["happened_at"]} for row in rows]

    def marks(of: list[dict[str, Any]]) -> list[bool]:
        return [last(page, of, kind).is_good for kind in ("consent", "stop", "hand_off")]

    assert marks(rows) == [True, False, True]
    assert marks(late) == [True, False, False]
    assert marks([row for row in rows if row["entry_kind"] == "hand_off"]) == [False, True, True]
    # Nobody was written to: nothing to be told off for.
    assert marks([row for row in rows if row["entry_kind"] == "consent"]) == [True, True, True]


@pytest.mark.parametrize(
    ("by", "number", "found"),
    [
        ("member", "102", {OTHER: "pos:102"}),
        ("member", "ec:101", {STOPPED: "ec:101"}),
        ("member", "101", {STOPPED: "ec:101", OTHER: "pos:101"}),
        ("order", ORDER_NUMBER, {STOPPED: "ec:R77"}),
        ("order", "101", {}),
        ("member", ORDER_NUMBER, {}),
        ("member", "' or 1=1 --", {}),
        ("member", "%", {}),
        ("member", "ec:", {}),
    ],
)
def test_a_number_leads_to_whom_the_shop_gave_it_and_to_nobody_else(
    page: Page, by: requests.FoundBy, number: str, found: dict[str, str]
) -> None:
    assert people_of(page, by, number) == found


def test_where_a_look_cannot_be_written_down_nobody_is_shown(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: dict[str, str] = {}
    monkeypatch.setattr(st, "session_state", kept)
    one_person.find(page, "member", "ec:101")
    assert kept.pop(one_person.FOUND) == STOPPED

    monkeypatch.setenv("OKAERI_REQUESTS_URL", "sqlite:////nowhere/requests.db")
    with pytest.raises(OperationalError):
        one_person.find(page, "member", "ec:101")

    assert kept == {}


def test_a_number_of_nobody_and_one_of_two_show_nobody(opened: Opener, home: Home) -> None:
    nobody = looked(opened, "999")
    assert "この番号の人は見つかりません" in flat(nobody)

    nobody.text_input(key="person_number").set_value("１０１")
    several = flat(press(nobody, "経過を見る"))

    assert "2人" in several
    assert "ec:101 pos:101" in several
    assert looks(home) == []


def test_whom_an_exporter_stops_stays_stopped(opened: Opener, home: Home) -> None:
    app = press(looked(opened, "102"), "この人への配信を止める")
    assert "確認に印を付けてください" in flat(app)
    assert requests.open_blocks(home, "demo") == []

    app.checkbox(key="person_sure").check()
    sure = press(app, "この人への配信を止める")

    (asked,) = requests.open_blocks(home, "demo")
    assert (asked.person_id, asked.actor) == (OTHER, "loopback")
    assert "手動で除外: loopbackが" in flat(sure)
    assert "この人への配信を止める" not in [button.label for button in sure.button]


def test_a_manual_block_is_lifted_with_a_reason_and_both_stay_in_the_log(
    opened: Opener, home: Home
) -> None:
    requests.block(home, "demo", OTHER, by=BOSS, at=dt.datetime(2026, 11, 2, tzinfo=dt.UTC))
    app = press(looked(opened, "102"), "手動の除外を解除する")
    assert "理由を200字までで入力" in flat(app)
    assert [one.wish for one in requests.open_blocks(home, "demo")] == ["block"]

    app.text_input(key="person_reason").set_value("電話で本人から")
    lifted = press(app, "手動の除外を解除する")

    newest = requests.block_of(home, "demo", OTHER)
    assert newest is not None
    assert (newest.wish, newest.actor, newest.reason) == ("lift", "loopback", "電話で本人から")
    text = flat(lifted)
    assert "手動の除外の解除: loopbackが" in text
    # The newest stands first.
    told = text[text.index("日時 内容 担当") :]
    assert told.index("解除 loopback 電話で本人から") < told.index("除外 boss@example.jp —")
    labels = [button.label for button in lifted.button]
    assert ("この人への配信を止める" in labels, "手動の除外を解除する" in labels) == (True, False)


def test_who_is_stopped_by_hand_elsewhere_can_be_let_go_here(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped at the terminal, or before two persons turned out to be one."""
    drawn: list[str] = []
    for form in ("lift_form", "block_form"):
        monkeypatch.setattr(person_block, form, lambda *_, form=form: drawn.append(form))

    for reason in (None, "unsubscribed", "manual_block"):
        person_block.show(page, OTHER, blocked_by=reason)

    assert drawn == ["block_form", "block_form", "lift_form"]


def test_a_viewer_has_neither_the_search_nor_what_a_replayed_session_holds(
    opened: Opener, home: Home
) -> None:
    app = opened("customers", role="viewer")
    app.session_state[one_person.FOUND] = STOPPED
    text = flat(app.run())

    assert "一人の経過" not in text
    assert "最後の同意" not in text
    assert looks(home) == []


def test_a_viewer_is_refused_by_every_function_that_acts(page: Page, home: Home) -> None:
    viewer = replace(page, viewer=Viewer("v@example.jp", Role.VIEWER))

    for act in (
        lambda: people_of(viewer, "member", "101"),
        lambda: one_person.look(viewer, STOPPED, "member"),
        lambda: timeline(viewer, STOPPED),
        lambda: person_block.block(viewer, STOPPED),
        lambda: person_block.lift(viewer, STOPPED, reason="because"),
        lambda: one_person.looks(viewer, STOPPED),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert looks(home) == []
    assert requests.open_blocks(home, "demo") == []


def test_only_an_admin_sees_who_looked(page: Page) -> None:
    with pytest.raises(NotAllowed):
        one_person.looks(page, STOPPED)


@pytest.fixture
def okaeri(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command, of a copy of the shop: this process holds the shop's own file open, locked."""
    shutil.copytree(home.path.parent, tmp_path / "copy")
    monkeypatch.setenv("OKAERI_HOME", str(tmp_path / "copy"))
    file = str(tmp_path / "copy" / "shop.yml")

    def run(*words: str, code: int = 0) -> Result:
        done = CliRunner().invoke(app, [*words, "--shop", file])
        assert done.exit_code == code, f"{done.output}\n{done.exception!r}"
        return done

    return run


def test_the_terminal_tells_the_same_and_is_written_down_too(
    okaeri: Callable[..., Result], home: Home
) -> None:
    told = json.loads(okaeri("person", "--order", ORDER_NUMBER, "--json").stdout)
    line = next(row for row in told["entries"] if row["entry_kind"] == "withheld")

    assert told["person_id"] == STOPPED
    assert (line["entry_state"], line["happened_at"]) == ("cool_down", "2026-11-02 05:00:00")
    assert "2026-11-02 14:00" in okaeri("person", "--member", "ec:101").stdout
    assert [look[1] for look in looks(home)] == ["member", "order"]
    seen = json.loads(okaeri("looks", "--json").stdout)
    assert [(one["person_id"], one["origin"]) for one in seen] == [(STOPPED, "terminal")] * 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "give one of"),
        (("--member", "102", "--order", "R1"), "give one of"),
        (("--member", "999"), "nobody of this"),
        (("--member", "101"), "2 people have this number"),
    ],
)
def test_the_terminal_shows_nobody_it_was_not_asked_for(
    okaeri: Callable[..., Result], home: Home, words: tuple[str, ...], said: str
) -> None:
    assert said in okaeri("person", *words, code=2).stderr
    assert looks(home) == []
