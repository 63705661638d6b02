"""Looking again costs little where nothing happened, and nothing that happened is overlooked."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy as sa

from pipelines import exports, state
from pipelines.exports import ledger
from pipelines.exports.exits import Late, Looked, exits_of
from pipelines.exports.payload import Vault
from pipelines.exports.rules import Rules
from pipelines.exports.snapshot import open_snapshot
from pipelines.state import claim
from tests.exports.databases import Database
from tests.exports.inside import Dead, dying_at
from tests.exports.shop_files import NOW, SmallShop, people, small_shop

SOON = NOW + timedelta(minutes=5)


@pytest.fixture
def sealed(database: Database, tmp_path: Path) -> SmallShop:
    """A shop with a sealed batch of three that has not left yet."""
    shop = small_shop(tmp_path)
    shop.publish(people(3))
    with pytest.raises(Dead):
        shop.run(shop.ask(), checkpoint=dying_at("seal:done"))
    return shop


def late_of(shop: SmallShop, *, now: datetime = NOW) -> Late:
    rules = Rules.of(shop.shop, shop.home)
    (row,) = exports.batches(shop.home)
    facts = open_snapshot(shop.home, shop.shop.id).facts(rules.pepper)
    return Late(row, rules, facts, now)


def exits(shop: SmallShop, late: Late, looked: Looked) -> dict[int, str]:
    with state.writing(state.ledger_engine(shop.home)) as connection:
        return dict(exits_of(connection, late, vault=Vault(late.rules.pepper), looked=looked))


def is_clear(shop: SmallShop, late: Late, looked: Looked) -> bool:
    with state.reading(state.ledger_engine(shop.home)) as connection:
        stops = ledger.stops(connection, scope=late.scope, now=late.now)
        return looked.is_clear(connection, late, stops)


def stop(shop: SmallShop, email: str, *, at: datetime = NOW) -> None:
    exports.suppress(shop.home, shop.shop, email=email, reason="unsubscribe", by="t", now=at)


def blank(shop: SmallShop) -> None:
    with state.writing(state.ledger_engine(shop.home)) as connection:
        connection.execute(claim.update().where(claim.c.ord == 1).values(payload_enc=None))


def test_where_nothing_happened_nobody_is_looked_at_again(sealed: SmallShop) -> None:
    late, looked = late_of(sealed), Looked()
    assert not is_clear(sealed, late, looked)

    assert exits(sealed, late, looked) == {}

    assert is_clear(sealed, late, looked)
    # Nobody's payload is opened for it: with another key nothing could be.
    with state.writing(state.ledger_engine(sealed.home)) as connection:
        assert exits_of(connection, late, vault=Vault(b"another"), looked=looked) == {}


@pytest.mark.parametrize(("happens", "leave"), [
    (lambda shop: stop(shop, "u1@example.jp"), ["unsubscribed"]),
    (lambda shop: stop(shop, "nobody.here@example.jp"), []),
    (lambda shop: stop(shop, "u1@example.jp", at=SOON), ["unsubscribed"]),
    (blank, []),
])  # fmt: skip
def test_whatever_happened_since_is_looked_at(
    sealed: SmallShop, happens: Callable[[SmallShop], None], leave: list[str]
) -> None:
    late, looked = late_of(sealed), Looked()
    exits(sealed, late, looked)

    happens(sealed)

    later = replace(late, now=SOON)
    assert not is_clear(sealed, later, looked)
    assert [*exits(sealed, later, looked).values()] == leave


def test_a_stop_that_has_not_begun_changes_nothing_until_it_begins(sealed: SmallShop) -> None:
    stop(sealed, "u1@example.jp", at=SOON)
    late, looked = late_of(sealed), Looked()
    assert exits(sealed, late, looked) == {}

    just_before = replace(late, now=SOON - timedelta(microseconds=1))
    assert is_clear(sealed, just_before, looked)
    assert [*exits(sealed, replace(late, now=SOON), looked).values()] == ["unsubscribed"]


def test_time_alone_can_take_people_out(sealed: SmallShop) -> None:
    late, looked = late_of(sealed), Looked()
    exits(sealed, late, looked)
    end = people(1)[0].valid_until_at
    assert end is not None

    assert is_clear(sealed, replace(late, now=end - timedelta(microseconds=1)), looked)
    assert [*exits(sealed, replace(late, now=end), looked).values()] == ["stale"] * 3


def test_who_objects_beside_the_last_look_waits_until_it_is_committed(sealed: SmallShop) -> None:
    """So what the last look saw still holds when the intent is written."""
    late, looked = late_of(sealed), Looked()
    exits(sealed, late, looked)
    engine = state.ledger_engine(sealed.home)
    objector = Thread(target=stop, args=(sealed, "u1@example.jp"))
    with state.writing(engine) as connection:
        objector.start()
        objector.join(timeout=0.2)
        is_waiting = objector.is_alive()
        seen = exits_of(connection, late, vault=Vault(late.rules.pepper), looked=looked)
        stopped = connection.execute(sa.select(sa.func.count()).select_from(state.suppression))
        assert (is_waiting, seen, stopped.scalar()) == (True, {}, 0)
    objector.join()

    assert [*exits(sealed, late, looked).values()] == ["unsubscribed"]
