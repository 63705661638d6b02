"""Recovery of every place: one that fails keeps no other one waiting, and nothing is passed over."""

from pathlib import Path

import pytest

from pipelines import exports, requests
from pipelines.exports import NotRecovered
from pipelines.shop import load_shop
from tests.exports.killing import Exporters
from tests.exports.places import PASSWORD, SftpServer
from tests.exports.shop_files import MACHINE, NOW, SmallShop, people, small_shop
from tests.exports.test_cli import Terminal, okaeri  # noqa: F401 - a fixture
from tests.exports.test_failures import CLONE
from tests.exports.test_handoff import emails

LATER = "  - {key: later, profile: generic_utf8, country: JP, contract: 委託, basis: x}\n"


def left_sealed(exporters: Exporters, shop: SmallShop, destination: str) -> str:
    """Id of a batch whose process was killed when it was sealed."""
    known = {row.batch_id for row in exports.batches(shop.home)}
    wish = shop.ask(destination=destination), NOW
    exporters.killed_at(shop, wish, point="the seal is committed")
    (batch_id,) = {row.batch_id for row in exports.batches(shop.home)} - known
    return batch_id


def states(shop: SmallShop) -> dict[str, str]:
    return {row.destination: row.state for row in exports.batches(shop.home)}


def without(shop: SmallShop, destination: str) -> SmallShop:
    """The same home after somebody took the destination out of shop.yml."""
    file = shop.home.path.parent / "shop.yml"
    lines = file.read_text("utf-8").splitlines(keepends=True)
    file.write_text("".join(li for li in lines if f"key: {destination}," not in li), "utf-8")
    return SmallShop(shop.home, load_shop(file), shop.campaign, shop.purpose, shop.published)


@pytest.mark.slow
def test_a_server_that_does_not_answer_keeps_no_other_place_waiting(
    tmp_path: Path, exporters: Exporters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OKAERI_DESTINATION_FAR_PASSWORD", PASSWORD)
    line = SftpServer(tmp_path / "nobody", port=9).destination
    nobody = line.replace("key: far", "key: also_far")
    shop = small_shop(tmp_path / "shop", more=line + nobody + LATER)
    shop.publish(people(3))
    for destination in ("far", "also_far", "later"):
        left_sealed(exporters, shop, destination)

    with pytest.raises(NotRecovered) as refused:
        exports.recover(shop.home, shop.shop, clock=NOW, machine=MACHINE)

    assert states(shop) == {"far": "SEALED", "also_far": "SEALED", "later": "DELIVERED"}
    assert [b.state for b in refused.value.recovered] == ["DELIVERED"]
    assert str(refused.value).startswith("far, also_far: sftp://127.0.0.1")


def test_what_is_the_matter_with_the_ledger_is_said_once(
    tmp_path: Path, exporters: Exporters
) -> None:
    shop = small_shop(tmp_path)
    shop.publish(people(3))
    shop.send()
    shop.send(destination="sjis")

    with pytest.raises(NotRecovered, match=r"^mailer, sjis: all exports are paused") as refused:
        exports.recover(shop.home, shop.shop, clock=NOW, machine=CLONE)

    assert str(refused.value).count("okaeri exports adopt") == 1


@pytest.mark.parametrize("point", [
    pytest.param("the claims are committed", marks=pytest.mark.slow), "the seal is committed",
])  # fmt: skip
def test_a_batch_whose_destination_was_taken_out_of_shop_yml_is_told_of_and_can_be_given_up(
    tmp_path: Path, exporters: Exporters, point: str
) -> None:
    shop = small_shop(tmp_path, more=LATER)
    shop.publish(people(3))
    request_id = shop.ask(destination="later")
    exporters.killed_at(shop, (request_id, NOW), point=point)
    (batch,) = exports.batches(shop.home)
    after = without(shop, "later")

    with pytest.raises(NotRecovered, match=f"later: batch {batch.batch_id} is .+ not-delivered"):
        exports.recover(after.home, after.shop, clock=NOW, machine=MACHINE)
    with pytest.raises(exports.ExportRefused, match="nothing of it has left"):
        exports.resolve(after.home, after.shop, batch.batch_id, "delivered", actor="me", now=NOW)
    given_up = exports.resolve(
        after.home, after.shop, batch.batch_id, "not-delivered", actor="me", now=NOW
    )

    assert given_up.state == "VOID"
    assert list((shop.outbox("later") / ".staging").glob("*.csv")) == []
    assert exports.recover(after.home, after.shop, clock=NOW, machine=MACHINE) == ()
    assert len(emails(after.send())) == 3


@pytest.mark.slow
def test_a_batch_goes_on_by_itself_once_its_destination_is_named_again(
    tmp_path: Path, exporters: Exporters
) -> None:
    shop = small_shop(tmp_path, more=LATER)
    shop.publish(people(3))
    left_sealed(exporters, shop, "later")
    after = without(shop, "later")
    with pytest.raises(NotRecovered):
        exports.recover(after.home, after.shop, clock=NOW, machine=MACHINE)

    (done,) = exports.recover(shop.home, shop.shop, clock=NOW, machine=MACHINE)

    assert done.state == "DELIVERED"


@pytest.mark.slow
@pytest.mark.parametrize(("verdict", "then"), [("delivered", 0), ("not-delivered", 3)])
def test_a_batch_on_its_way_to_a_forgotten_destination_is_decided_by_a_person(
    tmp_path: Path, exporters: Exporters, verdict: str, then: int
) -> None:
    shop = small_shop(tmp_path, more=LATER)
    shop.publish(people(3))
    request_id = shop.ask(destination="later")
    exporters.killed_at(shop, (request_id, NOW), point="the intent is committed")
    (batch,) = exports.batches(shop.home)
    after = without(shop, "later")

    exports.resolve(after.home, after.shop, batch.batch_id, verdict, actor="me", now=NOW)

    assert len(emails(after.send())) == then
    assert list((shop.outbox("later") / ".staging").glob("*.csv")) == []


@pytest.mark.slow
def test_a_request_to_a_forgotten_destination_can_be_taken_back(
    tmp_path: Path, exporters: Exporters
) -> None:
    from pipelines.actors import Actor

    shop = small_shop(tmp_path, more=LATER)
    shop.publish(people(3))
    batch_id = left_sealed(exporters, shop, "later")
    (asked,) = requests.all_of(shop.home, "tea")
    after = without(shop, "later")

    freed = exports.cancel(
        after.home, after.shop, asked.request_id, by=Actor.at_terminal("me"), now=NOW
    )

    assert freed == [batch_id]
    assert len(emails(after.send())) == 3


@pytest.mark.slow
def test_the_terminal_tells_what_was_recovered_and_ends_with_what_was_not(
    okaeri: Terminal,  # noqa: F811
    exporters: Exporters,
) -> None:
    here = exports.Machine.this()
    for destination in ("sjis", "mailer"):
        wish = okaeri.shop.ask(destination=destination), NOW
        exporters.killed_at(okaeri.shop, wish, point="the seal is committed", machine=here)
    without(okaeri.shop, "sjis")

    done = okaeri("recover", "--json", code=2)
    (listed,) = okaeri.json("hold")
    okaeri("hold", listed["batch_id"], "not-delivered")

    assert '"destination": "mailer"' in done.stdout
    assert '"state": "DELIVERED"' in done.stdout
    assert done.stderr.startswith("sjis: batch ")
    assert (listed["destination"], listed["state"]) == ("sjis", "SEALED")
    assert okaeri.json("recover") == []
