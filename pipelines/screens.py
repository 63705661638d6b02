"""How the server of the dashboards is started, and when it is not.

On this machine it needs no login. Everywhere else somebody has to say who looks: a login (OpenID
Connect, `OKAERI_LOGIN_*` in the environment) or a proxy on this machine that names people in a
header. The pages ask the same at every look; this refuses before a port is open.
"""

import importlib.util
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pipelines.settings import LOGIN_KEYS
from pipelines.shop import Shop

LOOPBACK_ADDRESSES: Final = frozenset({"127.0.0.1", "localhost", "::1"})
# Of a shorter secret the cookies could be forged by trying.
SECRET_BYTES: Final = 32


class ScreensRefused(Exception):
    """The dashboards may not be opened like that; the text says what to do."""


@dataclass(frozen=True)
class Screens:
    """One way to open the dashboards. `hosts`: names a browser may call the server by."""

    port: int = 8501
    address: str = "127.0.0.1"
    hosts: tuple[str, ...] = ()
    user_header: str | None = None
    # Keys of Streamlit's `auth` section; never shown.
    login: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def is_open(self) -> bool:
        """Whether nobody is asked who they are."""
        return not self.login and self.user_header is None

    @property
    def arguments(self) -> list[str]:
        """Options of `streamlit run`: they win over any file and any variable."""
        names = ["localhost", "127.0.0.1", *self.hosts]
        if self.login:
            # Where the login sends people back to is where they came from.
            names.append(urlsplit(self.login["redirect_uri"]).hostname or "localhost")
        given = {
            "server.address": self.address,
            "server.port": str(self.port),
            "server.headless": "true",
            "server.enableCORS": "true",
            "server.enableXsrfProtection": "true",
            "server.enableAgentApi": "false",
            "client.showErrorDetails": "none",
            "browser.gatherUsageStats": "false",
            "server.trustedUserHeaders": json.dumps(
                {self.user_header: "email"} if self.user_header else {}
            ),
        }
        hosts = [part for name in names for part in ("--server.allowedHosts", name)]
        return [*(part for name in given for part in (f"--{name}", given[name])), *hosts]


def check(screens: Screens, shop: Shop) -> None:
    """Nothing, for a way that is safe. Raises: ScreensRefused."""
    is_local = screens.address in LOOPBACK_ADDRESSES
    if screens.is_open:
        if not is_local:
            raise ScreensRefused(
                f"{screens.address} can be reached by others and nobody would be asked who they "
                "are: leave --address out, or set up a login (OKAERI_LOGIN_*) or a proxy "
                "(docs/access.md)"
            )
        return
    if screens.login and screens.user_header:
        raise ScreensRefused("a login and --user-header exclude each other: leave one of them out")
    if screens.user_header and not is_local:
        raise ScreensRefused(
            f"whoever reaches {screens.address} could send {screens.user_header} themselves: with "
            "--user-header the server listens on this machine alone, and the proxy runs beside it"
        )
    if not shop.people:
        raise ScreensRefused("people: in shop.yml names nobody, so nobody could look; add them")
    if screens.login:
        _check_login(screens.login)


def _check_login(login: Mapping[str, str]) -> None:
    missing = [f"OKAERI_LOGIN_{name.upper()}" for name in LOGIN_KEYS if name not in login]
    if missing:
        raise ScreensRefused(f"the login lacks {', '.join(missing)}: set it in the environment")
    if len(login["cookie_secret"].encode()) < SECRET_BYTES:
        raise ScreensRefused(
            f"OKAERI_LOGIN_COOKIE_SECRET is shorter than {SECRET_BYTES} bytes; make one: "
            "openssl rand -hex 32"
        )
    if any(importlib.util.find_spec(name) is None for name in ("authlib", "httpx")):
        raise ScreensRefused("a login needs packages that are missing: pip install 'okaeri[login]'")


@contextmanager
def secrets_of(screens: Screens) -> Iterator[list[str]]:
    """Options that name the login's secrets: a file for this user alone, gone at the end."""
    if not screens.login:
        yield []
        return
    with tempfile.TemporaryDirectory(prefix="okaeri-") as folder:
        file = Path(folder) / "secrets.toml"
        lines = [
            f"{name} = {json.dumps(value, ensure_ascii=False)}"
            for name, value in sorted(screens.login.items())
        ]
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write("\n".join(["[auth]", *lines, ""]))
        yield ["--secrets.files", str(file)]
