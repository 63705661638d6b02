"""Who looks, and what they may do. Deny by default; checked in the function that acts.

Three doors, of which exactly one is open. Without a login the server listens on loopback alone, and
whoever sits at the machine is an exporter (or less, by `access.loopback_role` in Streamlit's
secrets). With a login (`auth` in the secrets, OpenID Connect) or behind a proxy that names people
in a header (`server.trustedUserHeaders`) a person is what `people:` in `shop.yml` says, read at
every run: whoever is taken off that list has lost access, cookie or not.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import streamlit as st

from pipelines import settings
from pipelines.actors import LOOPBACK, Actor, Origin, Role
from pipelines.screens import LOOPBACK_ADDRESSES, SECRET_BYTES
from pipelines.shop import Shop, ShopFileError, load_shop

# Who logged in longer ago does it again.
SESSION: Final = dt.timedelta(hours=12)


@dataclass(frozen=True)
class Viewer:
    """The person in front of the screen. `address` is empty without a login or a proxy's word."""

    address: str
    role: Role
    has_login: bool = False

    def may(self, role: Role) -> bool:
        """Whether this person has at least that role."""
        return self.actor.may(role)

    @property
    def actor(self) -> Actor:
        """Who acts, as requests write it down. Without a login nobody is known but the machine."""
        return Actor(self.address or LOOPBACK, self.role, Origin.DASHBOARD)


class NotAllowed(Exception):
    """This person may not see or do it. The text is a key of `text.PAIRS`."""


@dataclass(frozen=True)
class Door:
    """How people get in, as the server was started. `address`: where it listens."""

    address: str | None
    has_login: bool = False
    has_proxy: bool = False
    cookie_secret: str = ""
    loopback_role: Role = Role.EXPORTER

    @property
    def is_local(self) -> bool:
        """Whether nobody but this machine reaches the server."""
        return self.address in LOOPBACK_ADDRESSES

    @property
    def fault(self) -> str | None:
        """Why it must stay shut whoever comes, as a key of `text.PAIRS`; None where it is sound."""
        if self.has_login and self.has_proxy:
            return "access.two_doors"
        if self.has_proxy and not self.is_local:
            # Anybody could send the header.
            return "access.open_proxy"
        if self.has_login and len(self.cookie_secret.encode()) < SECRET_BYTES:
            return "access.weak_secret"
        if not (self.has_login or self.has_proxy or self.is_local):
            return "access.open_server"
        return None


def viewer_of(
    door: Door,
    claims: Mapping[str, Any],
    *,
    role_of: Callable[[str], Role | None],
    now: dt.datetime,
) -> Viewer:
    """The person, from the verified identity (`claims`) and the list of the staff.

    Raises: NotAllowed for an unsound door, for nobody in particular, and for somebody without a
    role.
    """
    if door.fault is not None:
        raise NotAllowed(door.fault)
    if not (door.has_login or door.has_proxy):
        return Viewer("", door.loopback_role)
    email = str(claims.get("email") or "").strip().lower()
    if door.has_login and not _is_fresh(claims, now=now):
        raise NotAllowed("access.login")
    if not email:
        raise NotAllowed("access.no_name")
    if claims.get("email_verified") is False:
        raise NotAllowed("access.unverified")
    role = role_of(email)
    if role is None:
        raise NotAllowed("access.no_role")
    return Viewer(email, role, has_login=door.has_login)


def _is_fresh(claims: Mapping[str, Any], *, now: dt.datetime) -> bool:
    """Whether somebody is logged in, and not since yesterday."""
    issued = claims.get("iat")
    if not claims.get("is_logged_in") or not isinstance(issued, int | float):
        return False
    return now - dt.datetime.fromtimestamp(issued, dt.UTC) < SESSION


def guard() -> Viewer:
    """The person in front of this page; the page stops for anybody else.

    Invariant: first call of every page. A page that draws before it asks shows to everybody.
    """
    try:
        return viewer_of(
            door_of(_secrets(), st.get_option),
            st.user.to_dict(),
            role_of=_role_of,
            now=dt.datetime.now(dt.UTC),
        )
    except NotAllowed as refusal:
        from dashboards import layout

        layout.refuse(str(refusal))


def door_of(secrets: Mapping[str, Any], option: Callable[[str], Any]) -> Door:
    """The door these secrets and server options make. Raises: ValueError for an unknown role."""
    wished = Role(str(secrets.get("access", {}).get("loopback_role", Role.EXPORTER)))
    auth = secrets.get("auth")
    return Door(
        address=option("server.address"),
        has_login=auth is not None,
        has_proxy="email" in dict(option("server.trustedUserHeaders") or {}).values(),
        cookie_secret=str((auth or {}).get("cookie_secret", "")),
        # Without a name nobody is an admin.
        loopback_role=Role.EXPORTER if wished is Role.ADMIN else wished,
    )


def read_shop(file: Path) -> Shop:
    """The shop's settings as the file stands now. Raises: ShopFileError, FileNotFoundError."""
    return _shop(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _shop(file: Path, _modified_ns: int) -> Shop:
    """The shop's settings, read once for one state of the file."""
    return load_shop(file)


def _role_of(email: str) -> Role | None:
    """Role of one of the staff; nobody has one while the file is missing or cannot be read."""
    file = settings.active_shop_file()
    try:
        return None if file is None else read_shop(file).role_of(email)
    except (ShopFileError, FileNotFoundError):
        return None


def _secrets() -> Mapping[str, Any]:
    """Streamlit's secrets; empty where no file was made."""
    try:
        return st.secrets.to_dict()
    except FileNotFoundError:
        return {}
