"""A ledger put back from a copy: whoever was written to since, through any destination, is known."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from pipelines import exports, state
from pipelines.exports.errors import ShopNotReady, WrongMachine
from pipelines.shop import load_shop
from tests.exports.databases import Database, Sqlite
from tests.exports.inside import Dead, dying_at
from tests.exports.shop_files import MACHINE, NOW, PEPPER, SmallShop, people, small_shop
from tests.exports.test_handoff import emails, rows_of

AWAY = "  - {key: away, profile: generic_utf8, country: JP, contract: 委託, basis: b}\n"


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> Iterator[SmallShop]:
    """Three people, two destinations served before, and a third for nobody yet."""
    found = small_shop(tmp_path / "shop", more=AWAY)
    found.publish(people(1))
    found.send(destination="mailer")
    found.send(destination="listmonk")
    found.publish(people(3))
    yield found
    state.engine_of(found.home.ledger_url).dispose()


def adopt(shop: SmallShop) -> list[str]:
    return exports.adopt(shop.home, shop.shop, actor="me", now=NOW, machine=MACHINE)


@pytest.mark.parametrize("destination", ["listmonk", "away"])
def test_what_left_through_another_destination_since_the_copy_pauses_every_one(
    database: Database, shop: SmallShop, destination: str
) -> None:
    database.back_up(shop)
    (sent,) = shop.send(destination=destination).batches
    database.restore(shop)

    with pytest.raises(WrongMachine, match=r"1 files were sealed that this ledger does not know"):
        shop.send(destination="mailer")
    assert adopt(shop) == [sent.batch_id]

    assert emails(shop.send(destination="mailer")) == []


def test_results_find_the_people_of_a_batch_that_was_replayed_over_its_first_revision(
    database: Database, shop: SmallShop
) -> None:
    request_id = shop.ask(destination="away")
    with pytest.raises(Dead):
        shop.run(request_id, checkpoint=dying_at("seal:done"))
    database.back_up(shop)
    exports.suppress(shop.home, shop.shop, email="u1@example.jp", reason="manual", by="t", now=NOW)
    (sent,) = shop.run(request_id).batches
    assert sent.file is not None
    tokens = [row["recipient_token"] for row in rows_of(sent.file)]
    database.restore(shop)
    with pytest.raises(WrongMachine, match="does not know"):
        shop.send()
    assert adopt(shop) == [sent.batch_id]

    events = pl.DataFrame({
        "event_type": "complaint", "recipient_token": tokens, "email_hash": None,
        "occurred_at": NOW.replace(tzinfo=None),
    })  # fmt: skip
    added = exports.import_mail_events(shop.home, events, now=NOW)

    assert (sent.file.name, len(tokens)) == (f"{sent.batch_id}-r1.csv", 1)
    # By person and by address.
    assert added == 2
    (state_of,) = [b.state for b in exports.batches(shop.home) if b.batch_id == sent.batch_id]
    assert state_of == "ACKED"


def test_what_left_is_known_by_its_request_where_the_outbox_is_gone_too(tmp_path: Path) -> None:
    """Of a ledger in a file; a server's database put back whole has the requests of then too."""
    shop, database = small_shop(tmp_path / "shop", more=AWAY), Sqlite()
    shop.publish(people(3))
    shop.run(shop.ask(send=False))
    database.back_up(shop)
    shop.send(destination="away")
    database.restore(shop)
    shutil.rmtree(shop.outbox("away"))

    with pytest.raises(WrongMachine, match="of which neither ledger nor manifests tell"):
        shop.send(destination="mailer")
    with pytest.raises(WrongMachine, match="--not-before DATE"):
        adopt(shop)


def test_a_destination_that_shop_yml_has_forgotten_since_is_looked_at_too(
    database: Database, shop: SmallShop
) -> None:
    database.back_up(shop)
    (sent,) = shop.send(destination="away").batches
    database.restore(shop)
    file = shop.shop.folder / "shop.yml"
    file.write_text(file.read_text("utf-8").replace(AWAY, ""), "utf-8")
    shop.shop = load_shop(file)

    with pytest.raises(WrongMachine, match="does not know"):
        shop.send(destination="mailer")
    assert adopt(shop) == [sent.batch_id]

    assert emails(shop.send(destination="mailer")) == []


def test_ledgers_of_two_destinations_pause_nobody(shop: SmallShop) -> None:
    assert len(emails(shop.send(destination="away"))) == 2
    shop.publish(people(5))

    assert len(emails(shop.send(destination="mailer"))) == 2
    assert emails(shop.send(destination="listmonk")) == []


def test_a_ledger_that_was_written_with_another_secret_hands_nobody_over(shop: SmallShop) -> None:
    """A new home before a ledger on a server: nothing of the home says what it began with."""
    file = shop.shop.folder / "shop.yml"
    file.write_text(file.read_text("utf-8").replace(PEPPER, "another-pepper-of-the-demo"), "utf-8")
    shop.shop = load_shop(file)
    for path in shop.home.outbox.glob("*"):
        shutil.rmtree(path)

    with pytest.raises(ShopNotReady, match="another secret key"):
        shop.send()
    with pytest.raises(ShopNotReady, match="another secret key"):
        adopt(shop)
