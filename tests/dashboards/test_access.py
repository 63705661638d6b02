"""Who may look, and as what."""

from typing import Any

import pytest

from dashboards.access import NotAllowed, Role, viewer_of

LOGIN: dict[str, Any] = {"roles": {"hanako@example.jp": "viewer", "taro@example.jp": "exporter"}}


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1"])
def test_at_the_machine_without_a_login_one_is_an_exporter(address: str) -> None:
    assert (
        viewer_of(access={}, has_login=False, address=None, server_address=address).role
        is Role.EXPORTER
    )


@pytest.mark.parametrize("address", [None, "0.0.0.0", "192.168.0.4"])
def test_an_open_server_without_a_login_shows_nothing(address: str | None) -> None:
    with pytest.raises(NotAllowed, match="open_server"):
        viewer_of(access={}, has_login=False, address=None, server_address=address)


def test_with_a_login_nobody_is_let_in_unnamed() -> None:
    with pytest.raises(NotAllowed, match="login"):
        viewer_of(access=LOGIN, has_login=True, address=None, server_address="127.0.0.1")


def test_a_logged_in_address_without_a_role_sees_nothing() -> None:
    with pytest.raises(NotAllowed, match="no_role"):
        viewer_of(
            access=LOGIN, has_login=True, address="mallory@example.jp", server_address="127.0.0.1"
        )


def test_an_unknown_role_is_an_error_and_no_role() -> None:
    with pytest.raises(ValueError, match="owner"):
        viewer_of(
            access={"roles": {"a@b.jp": "owner"}},
            has_login=True,
            address="a@b.jp",
            server_address=None,
        )


def test_a_role_includes_the_ones_before_it() -> None:
    viewer = viewer_of(
        access=LOGIN, has_login=True, address="Hanako@example.jp ", server_address=None
    )
    exporter = viewer_of(
        access=LOGIN, has_login=True, address="taro@example.jp", server_address=None
    )

    assert viewer.may(Role.VIEWER)
    assert not viewer.may(Role.EXPORTER)
    assert exporter.may(Role.EXPORTER)
    assert not exporter.may(Role.ADMIN)
