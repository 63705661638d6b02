"""Who looks, and what they may do. Deny by default; checked in the function that acts.

Without a login the server must listen on loopback alone, and whoever sits at the machine is an
exporter (or what `access.loopback_role` in Streamlit's secrets says). With a login (`auth` in the
secrets, OpenID Connect) a person is what `access.roles` gives their address, read at every run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from pipelines.actors import Actor, Origin, Role

LOCAL: Final = "loopback"
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


RANK: Final = {Role.VIEWER: 0, Role.EXPORTER: 1, Role.ADMIN: 2}


@dataclass(frozen=True)
class Viewer:
    """The person in front of the screen. `address` is empty without a login."""

    address: str
    role: Role

    def may(self, role: Role) -> bool:
        """Whether this person has at least that role."""
        return RANK[self.role] >= RANK[role]

    @property
    def actor(self) -> Actor:
        """Who acts, as requests write it down. Without a login nobody is known but the machine."""
        return Actor(self.address or LOCAL, self.role, Origin.DASHBOARD)


class NotAllowed(Exception):
    """This person may not see or do it. The text is a key of `text.PAIRS`."""


def viewer_of(
    *,
    access: Mapping[str, Any],
    has_login: bool,
    address: str | None,
    server_address: str | None,
) -> Viewer:
    """The person, from the verified identity and the settings.

    Raises: NotAllowed without a login on an open address, and for an address without a role.
    """
    if not has_login:
        if server_address not in LOOPBACK:
            raise NotAllowed("access.open_server")
        return Viewer("", Role(str(access.get("loopback_role", Role.EXPORTER))))
    if address is None:
        raise NotAllowed("access.login")
    role = dict(access.get("roles", {})).get(address.strip().lower())
    if role is None:
        raise NotAllowed("access.no_role")
    return Viewer(address, Role(str(role)))


def guard() -> Viewer:
    """The person in front of this page; the page stops for anybody else.

    Invariant: first call of every page. A page that draws before it asks shows to everybody.
    """
    secrets = _secrets()
    has_login = "auth" in secrets
    is_logged_in = has_login and bool(st.user.is_logged_in)
    try:
        return viewer_of(
            access=secrets.get("access", {}),
            has_login=has_login,
            address=str(st.user.email) if is_logged_in else None,
            server_address=st.get_option("server.address"),
        )
    except NotAllowed as refusal:
        from dashboards import layout

        layout.refuse(str(refusal))


def _secrets() -> Mapping[str, Any]:
    """Streamlit's secrets; empty where no file was made."""
    try:
        return st.secrets.to_dict()
    except FileNotFoundError:
        return {}
