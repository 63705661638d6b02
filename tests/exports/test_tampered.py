"""A staged file, a manifest or a row of the ledger that somebody else wrote: nothing of it leaves.

Attack 21 of the threat model.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipelines import exports, state
from pipelines.exports import authentic, ledger
from pipelines.exports.errors import WrongMachine
from pipelines.settings import Home
from tests.exports.databases import Database
from tests.exports.killing import Exporters
from tests.exports.shop_files import MACHINE, NOW, PEPPER, SmallShop, people, small_shop
from tests.exports.test_failures import HOUR, killed, staged, visible
from tests.exports.test_handoff import emails


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> Iterator[SmallShop]:
    """Three people, on either database."""
    found = small_shop(tmp_path / "shop")
    found.publish(people(3))
    yield found
    state.engine_of(found.home.ledger_url).dispose()


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


@pytest.mark.parametrize("how", [
    "changed",
    *(pytest.param(h, marks=pytest.mark.slow) for h in ("unsigned", "gone", "of another batch")),
])  # fmt: skip
def test_a_manifest_that_was_touched_holds_its_batch(
    exporters: Exporters, shop: SmallShop, how: str
) -> None:
    request_id = killed(exporters, shop, "the seal is committed")
    (manifest,) = (shop.outbox() / "manifests").glob("*.json")
    if how == "changed":
        change(manifest, '"st":"claimed"', '"st":"released"')
    elif how == "unsigned":
        manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "seal": None}))
    elif how == "gone":
        manifest.unlink()
    else:
        outcome = shop.send(destination="listmonk", machine=MACHINE)
        other = outcome.batches[0].manifest
        assert other is not None
        manifest.write_bytes(other.read_bytes())

    outcome = shop.run(request_id)

    assert outcome.state == "hold"
    assert "manifest" in str(outcome.reason)
    assert visible(shop) == []
    # The file is as the ledger knows it and has not left: its people are one command away.
    (batch_id,) = (row.batch_id for row in exports.batches(shop.home) if row.state == "HOLD")
    assert f"okaeri exports hold {batch_id} not-delivered" in str(outcome.reason)
    exports.resolve(shop.home, shop.shop, batch_id, "not-delivered", actor="me", now=NOW)
    assert len(emails(shop.send())) == 3


def test_bytes_changed_in_outbox_and_ledger_alike_are_held_by_the_manifest(
    exporters: Exporters, shop: SmallShop
) -> None:
    request_id = killed(exporters, shop, "the seal is committed")
    (left,) = staged(shop)
    left.write_bytes(left.read_bytes() + b'"evil@example.jp"\r\n')
    sha256 = hashlib.sha256(left.read_bytes()).hexdigest()
    with state.writing(state.ledger_engine(shop.home)) as connection:
        (row,) = ledger.batches(connection)
        files = [{**row.layout["files"][0], "sha256": sha256}]
        change_to = {"sha256": sha256, "layout": {**row.layout, "files": files}}
        connection.execute(state.batch.update().values(**change_to))

    outcome = shop.run(request_id)

    assert (outcome.state, visible(shop)) == ("hold", [])
    assert "tell of other bytes" in str(outcome.reason)


def test_a_claim_changed_in_the_ledger_holds_its_batch(
    exporters: Exporters, shop: SmallShop
) -> None:
    request_id = killed(exporters, shop, "the claims are committed")
    with state.writing(state.ledger_engine(shop.home)) as connection:
        first, second = connection.execute(
            sa.select(state.claim.c.payload_enc).where(state.claim.c.ord < 2)
        ).scalars()
        assert first != second
        connection.execute(
            state.claim.update().where(state.claim.c.ord == 1).values(payload_enc=first)
        )

    outcome = shop.run(request_id)

    assert (outcome.state, visible(shop)) == ("hold", [])
    assert "not as they were written" in str(outcome.reason)


@pytest.mark.parametrize("forged", [
    "written by hand", pytest.param("changed since", marks=pytest.mark.slow),
])  # fmt: skip
def test_a_forged_manifest_is_never_replayed(
    database: Database, shop: SmallShop, forged: str
) -> None:
    shop.run(shop.ask(send=False))
    database.back_up(shop)
    sent = shop.send()
    manifests = shop.outbox() / "manifests"
    (own,) = manifests.glob("*.json")
    database.restore(shop)
    if forged == "changed since":
        change(own, '"st":"claimed"', '"st":"released"')
        bad = own
    else:
        bad = manifests / "tea-forged-r0.json"
        told = {**json.loads(own.read_text()), "batch_id": "tea-forged"}
        bad.write_text(json.dumps(told))

    with pytest.raises(WrongMachine, match=rf"somebody else.*{bad.stem}"):
        shop.send()
    with pytest.raises(WrongMachine, match="--not-before DATE"):
        exports.adopt(shop.home, shop.shop, actor="me", now=NOW, machine=MACHINE)
    assert bad.exists()
    dates = {"*": NOW + HOUR}
    replayed = exports.adopt(
        shop.home, shop.shop, actor="me", now=NOW, machine=MACHINE, not_before=dates
    )

    expected = [] if forged == "changed since" else [sent.batches[0].batch_id]
    assert replayed == expected
    assert [path.name for path in manifests.glob("*.refused")] == [f"{bad.stem}.refused"]
    assert emails(shop.send()) == []


@pytest.mark.parametrize(("how", "why"), [
    ("changed", "no seal of this shop's"),
    ("no json", "no seal of this shop's"),
    ("gone", "owner.json is gone"),
    pytest.param("of a version before seals", "a version before seals", marks=pytest.mark.slow),
    pytest.param("another shop's", "another shop hands over here", marks=pytest.mark.slow),
    pytest.param("a manifest", "no seal of this shop's", marks=pytest.mark.slow),
])  # fmt: skip
def test_a_touched_word_on_whose_an_outbox_is_pauses_until_somebody_adopts(
    shop: SmallShop, how: str, why: str
) -> None:
    (sent,) = shop.send().batches
    owner = shop.outbox() / ".staging" / "owner.json"
    told = authentic.opened(owner, with_claims=False)
    if how == "changed":
        change(owner, f'"epoch": {told["epoch"]}', '"epoch": 0')
    elif how == "gone":
        owner.unlink()
    elif how == "another shop's":
        theirs = authentic.owner_key(authentic.manifest_key(b"another"))
        owner.write_bytes(b"".join(authentic.sealed(told, key=theirs)))
    elif how == "a manifest":
        assert sent.manifest is not None
        owner.write_bytes(sent.manifest.read_bytes())
    else:
        unsealed = {name: value for name, value in told.items() if name != "seal"}
        owner.write_text("{" if how == "no json" else json.dumps(unsealed))
    shop.publish(people(4))

    with pytest.raises(WrongMachine, match=rf"{why}.*okaeri exports adopt"):
        shop.send()
    assert len(visible(shop)) == 1
    assert exports.adopt(shop.home, shop.shop, actor="me", now=NOW, machine=MACHINE) == []

    assert emails(shop.send()) == ["u3@example.jp"]


def test_the_word_on_whose_an_outbox_is_stands_in_for_no_manifest(shop: SmallShop) -> None:
    shop.send()
    owner = shop.outbox() / ".staging" / "owner.json"
    (shop.outbox() / "manifests" / "tea-other-r0.json").write_bytes(owner.read_bytes())

    with pytest.raises(WrongMachine, match="somebody else than this shop's exporter"):
        shop.send()


def test_a_manifest_bears_the_seal_of_its_own_shop_alone(shop: SmallShop, tmp_path: Path) -> None:
    (batch,) = shop.send().batches
    assert batch.manifest is not None
    ours, theirs = (authentic.manifest_key(secret) for secret in (PEPPER.encode(), b"another"))

    assert authentic.is_sealed(batch.manifest, key=ours)
    assert not authentic.is_sealed(batch.manifest, key=theirs)
    empty = tmp_path / "empty.json"
    empty.write_bytes(b"")
    assert not authentic.is_sealed(empty, key=ours)
    whole = authentic.opened(batch.manifest, with_claims=True)
    head = authentic.opened(batch.manifest, with_claims=False)
    assert len(whole["claims"]) == 3
    assert head == {**whole, "claims": []}


def test_the_ledger_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    home, older = (Home(tmp_path / name) for name in ("new", "older"))
    older.path.mkdir()
    (older.path / "ledger.db").touch(0o644)
    for one in (home, older):
        with state.writing(state.ledger_engine(one)) as connection:
            connection.execute(state.erased.insert().values(key="k", erased_at=NOW))
            modes = {path.name: path.stat().st_mode & 0o777 for path in one.path.glob("ledger.db*")}
        state.engine_of(one.ledger_url).dispose()

        assert set(modes) >= {"ledger.db", "ledger.db-wal"}
        assert set(modes.values()) == {0o600}
