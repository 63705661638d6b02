"""`okaeri up`: how the dashboards are opened, and when they are not."""

import tomllib
from pathlib import Path

import pytest
from streamlit import config
from typer.testing import CliRunner

from pipelines import screens, settings
from pipelines.cli import app
from pipelines.screens import Screens, ScreensRefused, check, secrets_of
from pipelines.settings import LOGIN_KEYS
from pipelines.shop import Shop

SHOP = Shop(id="kutsu", name="くつの店")
STAFFED = SHOP.model_copy(update={"people": ("hanako",)})
LOGIN = dict.fromkeys(LOGIN_KEYS, "x") | {
    "cookie_secret": "s" * 32,
    "redirect_uri": "https://okaeri.example.jp/oauth2callback",
}


@pytest.mark.parametrize("address", ["0.0.0.0", "192.168.0.4", "::", "okaeri.example.jp", ""])
def test_nothing_is_opened_to_others_without_asking_who_they_are(address: str) -> None:
    with pytest.raises(ScreensRefused, match="OKAERI_LOGIN"):
        check(Screens(address=address), STAFFED)


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1"])
def test_at_the_machine_no_login_is_needed(address: str) -> None:
    check(Screens(address=address), SHOP)


def test_a_header_anybody_could_send_is_refused() -> None:
    with pytest.raises(ScreensRefused, match="X-Email themselves"):
        check(Screens(address="0.0.0.0", user_header="X-Email"), STAFFED)

    check(Screens(user_header="X-Email"), STAFFED)


def test_a_login_may_listen_anywhere_once_it_is_whole() -> None:
    check(Screens(address="0.0.0.0", login=LOGIN), STAFFED)

    whole = set(LOGIN_KEYS) - {"client_id", "redirect_uri"}
    part = Screens(login={name: LOGIN[name] for name in whole})
    with pytest.raises(ScreensRefused, match="OKAERI_LOGIN_CLIENT_ID, OKAERI_LOGIN_REDIRECT_URI"):
        check(part, STAFFED)
    with pytest.raises(ScreensRefused, match="shorter than 32 bytes"):
        check(Screens(login=LOGIN | {"cookie_secret": "s" * 31}), STAFFED)
    with pytest.raises(ScreensRefused, match="exclude each other"):
        check(Screens(login=LOGIN, user_header="X-Email"), STAFFED)


@pytest.mark.parametrize("known", [{"login": LOGIN}, {"user_header": "X-Email"}])
def test_a_login_nobody_could_pass_is_refused(known: dict[str, object]) -> None:
    with pytest.raises(ScreensRefused, match=r"people: in shop\.yml names nobody"):
        check(Screens(**known), SHOP)  # type: ignore[arg-type]


def test_a_login_says_which_package_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screens.importlib.util, "find_spec", lambda _: None)

    with pytest.raises(ScreensRefused, match=r"pip install 'okaeri\[login\]'"):
        check(Screens(login=LOGIN), STAFFED)


def test_the_server_is_told_by_which_names_it_may_be_called() -> None:
    given = Screens(8600, "0.0.0.0", ("shop.example.jp",), login=LOGIN).arguments
    pairs = list(zip(given[::2], given[1::2], strict=True))

    assert [value for name, value in pairs if name == "--server.allowedHosts"] == [
        "localhost", "127.0.0.1", "shop.example.jp", "okaeri.example.jp",
    ]  # fmt: skip
    assert ("--server.port", "8600") in pairs
    assert ("--server.address", "0.0.0.0") in pairs
    # A misspelt option ends Streamlit at its start.
    known = set(config.get_config_options())
    assert {name.removeprefix("--") for name, _ in pairs} <= known


def test_the_secrets_lie_in_a_file_of_this_user_until_the_end() -> None:
    said = LOGIN | {"client_secret": 'quo"te\\鍵'}
    with secrets_of(Screens(login=said)) as (option, name):
        file = Path(name)
        assert option == "--secrets.files"
        assert file.stat().st_mode & 0o077 == 0
        assert tomllib.loads(file.read_text(encoding="utf-8")) == {"auth": said}

    assert not file.exists()


def test_the_login_comes_from_the_environment_and_is_never_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OKAERI_LOGIN_CLIENT_SECRET", "hush")

    assert settings.login() == {"client_secret": "hush"}
    assert "hush" not in repr(Screens(login=settings.login()))


def test_up_refuses_before_a_port_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OKAERI_HOME", str(tmp_path / "home"))
    file = tmp_path / "shop.yml"
    file.write_text("id: kutsu\nname: くつの店\n", encoding="utf-8")

    result = CliRunner().invoke(app, ["up", "--shop", str(file), "--address", "0.0.0.0"])

    assert result.exit_code == 2
    assert "nobody would be asked who they are" in " ".join(result.stderr.split())
    assert not (tmp_path / "home").exists()
