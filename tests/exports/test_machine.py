"""Which machine this is, where a container has no identity that outlives its start."""

from pathlib import Path

import pytest

from pipelines import exports
from pipelines.exports import machine
from pipelines.exports.errors import WrongMachine
from tests.exports.shop_files import NOW, people, small_shop
from tests.exports.test_handoff import emails


@pytest.fixture
def container(monkeypatch: pytest.MonkeyPatch):
    """Starts a container: no file says what it is, and its host name is a new one."""
    started = []

    def start() -> exports.Machine:
        started.append(1)
        monkeypatch.setattr(machine, "_MACHINE_FILES", (Path("/nowhere/machine-id"),))
        monkeypatch.setattr("platform.node", lambda: f"container-{len(started)}")
        return exports.Machine.this()

    return start


def test_a_container_without_a_name_pauses_at_its_second_start_and_is_told_why(
    tmp_path: Path, container
) -> None:
    shop = small_shop(tmp_path)
    shop.publish(people(2))
    shop.send(machine=container())

    with pytest.raises(WrongMachine, match="OKAERI_MACHINE_ID"):
        shop.send(machine=container())


def test_a_container_with_a_name_goes_on_at_its_second_start(
    tmp_path: Path, container, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OKAERI_MACHINE_ID", "shop-host-1")
    shop = small_shop(tmp_path)
    shop.publish(people(2))
    shop.send(machine=container())
    shop.publish(people(3))

    assert emails(shop.send(machine=container())) == ["u2@example.jp"]
    monkeypatch.setenv("OKAERI_MACHINE_ID", "shop-host-2")
    with pytest.raises(WrongMachine, match="paused"):
        shop.send(machine=container())


@pytest.mark.slow
def test_a_name_is_given_to_a_running_shop_by_adopting_once(
    tmp_path: Path, container, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = small_shop(tmp_path)
    shop.publish(people(2))
    shop.send(machine=container())
    monkeypatch.setenv("OKAERI_MACHINE_ID", " shop-host-1 ")

    assert exports.adopt(shop.home, shop.shop, actor="me", now=NOW, machine=container()) == []

    assert shop.send(machine=container()).counts == {
        "cart_recovery/1/email": {"already_handed_over": 2}
    }


def test_a_blank_name_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    before = exports.Machine.this()

    monkeypatch.setenv("OKAERI_MACHINE_ID", "  ")

    assert exports.Machine.this() == before
