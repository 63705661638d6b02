"""Who may look, and as what."""

import datetime as dt
import time
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboards.access import Door, NotAllowed, Role, Viewer, door_of, viewer_of
from pipelines.settings import REPOSITORY
from tests.dashboards.conftest import shown
from tests.dashboards.fixture import publish_kind

NOW = dt.datetime(2026, 11, 20, 9, 0, tzinfo=dt.UTC)
STAFF = {
    "hanako@example.jp": Role.VIEWER,
    "taro@example.jp": Role.EXPORTER,
    "ai@example.jp": Role.ADMIN,
}
LOCAL = Door("127.0.0.1")
LOGIN = Door("0.0.0.0", has_login=True, cookie_secret="s" * 32)
PROXY = Door("127.0.0.1", has_proxy=True)
SIGNED = {"is_logged_in": True, "iat": NOW.timestamp() - 60}


def seen(door: Door, **claims: Any) -> Viewer:
    return viewer_of(door, claims, role_of=STAFF.get, now=NOW)


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1"])
def test_at_the_machine_without_a_login_one_is_an_exporter_nobody_knows(address: str) -> None:
    viewer = seen(Door(address))

    assert viewer.role is Role.EXPORTER
    assert not viewer.actor.is_known


@pytest.mark.parametrize("address", [None, "", "0.0.0.0", "192.168.0.4", "::", "127.0.0.1.evil"])
def test_an_open_server_without_a_login_shows_nothing(address: str | None) -> None:
    with pytest.raises(NotAllowed, match="open_server"):
        seen(Door(address), email="ai@example.jp", **SIGNED)


def test_with_a_login_nobody_is_let_in_unnamed() -> None:
    with pytest.raises(NotAllowed, match="login"):
        seen(LOGIN)
    with pytest.raises(NotAllowed, match="login"):
        seen(LOGIN, email="ai@example.jp", is_logged_in=False, iat=NOW.timestamp())
    with pytest.raises(NotAllowed, match="no_name"):
        seen(LOGIN, **SIGNED)


@pytest.mark.parametrize("hours", [12, 13, 24 * 29])
def test_a_login_of_yesterday_is_none(hours: int) -> None:
    """Streamlit's cookie lives for thirty days."""
    old = {"is_logged_in": True, "iat": NOW.timestamp() - hours * 3600}

    with pytest.raises(NotAllowed, match="login"):
        seen(LOGIN, email="ai@example.jp", **old)


def test_a_login_that_does_not_say_when_is_none() -> None:
    with pytest.raises(NotAllowed, match="login"):
        seen(LOGIN, email="ai@example.jp", is_logged_in=True)


def test_an_address_nobody_has_verified_is_nobodys() -> None:
    with pytest.raises(NotAllowed, match="unverified"):
        seen(LOGIN, email="ai@example.jp", email_verified=False, **SIGNED)


def test_a_logged_in_address_without_a_role_sees_nothing() -> None:
    with pytest.raises(NotAllowed, match="no_role"):
        seen(LOGIN, email="mallory@example.jp", **SIGNED)


@pytest.mark.parametrize("secret", ["", "s" * 31])
def test_a_cookie_secret_that_can_be_tried_out_keeps_the_door_shut(secret: str) -> None:
    with pytest.raises(NotAllowed, match="weak_secret"):
        seen(Door("127.0.0.1", has_login=True, cookie_secret=secret), email="ai@example.jp")


def test_whom_a_proxy_names_is_believed_on_this_machine_alone() -> None:
    assert seen(PROXY, email="Taro@example.jp ").role is Role.EXPORTER
    with pytest.raises(NotAllowed, match="open_proxy"):
        seen(Door("0.0.0.0", has_proxy=True), email="taro@example.jp")


@pytest.mark.parametrize("email", [None, "", "  "])
def test_who_goes_around_the_proxy_is_nobody_and_no_exporter(email: str | None) -> None:
    with pytest.raises(NotAllowed, match="no_name"):
        seen(PROXY, email=email)


def test_of_two_ways_in_none_is_open() -> None:
    both = Door("127.0.0.1", has_login=True, has_proxy=True, cookie_secret="s" * 32)

    with pytest.raises(NotAllowed, match="two_doors"):
        seen(both, email="ai@example.jp", **SIGNED)


def test_a_role_includes_the_ones_before_it() -> None:
    viewer = seen(LOGIN, email="Hanako@example.jp ", **SIGNED)
    exporter = seen(LOGIN, email="taro@example.jp", **SIGNED)

    assert viewer.may(Role.VIEWER)
    assert not viewer.may(Role.EXPORTER)
    assert exporter.may(Role.EXPORTER)
    assert not exporter.may(Role.ADMIN)
    assert seen(LOGIN, email="ai@example.jp", **SIGNED).may(Role.ADMIN)


@pytest.mark.parametrize(
    ("wished", "given"),
    [("viewer", Role.VIEWER), ("exporter", Role.EXPORTER), ("admin", Role.EXPORTER)],
)
def test_without_a_name_one_may_be_less_than_an_exporter_and_never_more(
    wished: str, given: Role
) -> None:
    options = {"server.address": "127.0.0.1"}

    assert door_of({"access": {"loopback_role": wished}}, options.get).loopback_role is given


def test_an_unknown_role_is_an_error_and_no_role() -> None:
    with pytest.raises(ValueError, match="owner"):
        door_of({"access": {"loopback_role": "owner"}}, {}.get)


def test_the_door_is_what_the_server_was_started_with() -> None:
    headers = {"server.address": "127.0.0.1", "server.trustedUserHeaders": {"X-Email": "email"}}
    other = {"server.address": "127.0.0.1", "server.trustedUserHeaders": {"X-Team": "team"}}
    auth = {"auth": {"cookie_secret": "x"}}

    assert door_of({}, headers.get).has_proxy
    assert not door_of({}, other.get).has_proxy
    assert door_of(auth, other.get) == Door("127.0.0.1", has_login=True, cookie_secret="x")


STAFFED = "people:\n- {email: hanako@example.jp, role: viewer}\n"


@pytest.fixture
def login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The segments page behind a login, opened by Hanako."""
    monkeypatch.setenv("OKAERI_HOME", str(tmp_path))
    monkeypatch.delenv("OKAERI_SHOP", raising=False)
    monkeypatch.chdir(REPOSITORY)
    publish_kind(tmp_path, "demo")
    with (tmp_path / "shop.yml").open("a") as stream:
        stream.write(STAFFED)
    page = REPOSITORY / "dashboards" / "app_pages" / "segments.py"
    app = AppTest.from_file(str(page), default_timeout=60)
    app.query_params["lang"] = "ja"
    app.secrets["auth"] = {"cookie_secret": "s" * 32}
    app.user = {"is_logged_in": True, "iat": time.time() - 60, "email": "hanako@example.jp"}
    return app


def test_who_is_taken_off_the_list_has_lost_access_cookie_or_not(
    login: AppTest, tmp_path: Path
) -> None:
    assert "組み込みのセグメント" in shown(login.run())

    file = tmp_path / "shop.yml"
    file.write_text(file.read_text().replace(STAFFED, ""))
    text = shown(login.run())

    assert "権限がありません" in text
    assert "セグメント" not in text


def test_a_new_role_counts_from_the_next_look_on(login: AppTest, tmp_path: Path) -> None:
    assert "書き出し担当だけです" in shown(login.run())

    file = tmp_path / "shop.yml"
    file.write_text(file.read_text().replace("role: viewer", "role: exporter"))

    assert "書き出し担当だけです" not in shown(login.run())


def test_a_broken_list_lets_nobody_in(login: AppTest, tmp_path: Path) -> None:
    with (tmp_path / "shop.yml").open("a") as stream:
        stream.write("nonsense: 1\n")

    assert "権限がありません" in shown(login.run())


def test_logged_out_there_is_a_button_and_nothing_else(login: AppTest) -> None:
    login.user = {"is_logged_in": False}
    app = login.run()

    assert [button.label for button in app.button] == ["ログイン"]
    assert "セグメント" not in shown(app)
