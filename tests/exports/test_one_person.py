"""One person: who looked is written down for good, and whom a screen stopped gets nothing more."""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from pipelines import exports, requests, results, state
from pipelines.actors import LOOPBACK, Actor, NotAllowed, Origin, Role
from pipelines.canonical import CHANNELS
from pipelines.defs.landing import _stop_people as stop_people
from tests.exports.databases import Database
from tests.exports.shop_files import NOW, Person, SmallShop, people, small_shop

SCREEN = Actor(LOOPBACK, Role.EXPORTER, Origin.DASHBOARD)
GUEST = Actor("guest@example.jp", Role.VIEWER, Origin.DASHBOARD)
BOSS = Actor("boss@example.jp", Role.ADMIN, Origin.DASHBOARD)


@pytest.fixture
def shop(tmp_path: Path) -> SmallShop:
    shop = small_shop(tmp_path)
    shop.publish(people(3))
    return shop


def counts(shop: SmallShop) -> dict[str, int]:
    """What the next dry run would do with the three, after what was asked meanwhile."""
    results.take_in(shop.home, shop.shop, now=NOW)
    outcome = shop.run(shop.ask(send=False))
    (found,) = outcome.counts.values()
    return {reason: n for reason, n in found.items() if n}


def test_every_look_is_written_down_and_only_an_admin_reads_them(shop: SmallShop) -> None:
    requests.look(shop.home, "tea", "p1", found_by="member", by=SCREEN, at=NOW)
    later = NOW + timedelta(minutes=1)
    requests.look(shop.home, "tea", "p2", found_by="order", by=BOSS, at=later)

    seen = requests.looks_of(shop.home, "tea", by=BOSS)

    assert [(one.person_id, one.actor, one.role, one.found_by, one.looked_at) for one in seen] == [
        ("p2", "boss@example.jp", "admin", "order", later),
        ("p1", "loopback", "exporter", "member", NOW),
    ]
    assert [one.look_no for one in requests.looks_of(shop.home, "tea", by=BOSS, person_id="p1")]
    assert requests.looks_of(shop.home, "coffee", by=BOSS) == []
    with pytest.raises(NotAllowed, match="to see who looked at whom one has to be admin"):
        requests.looks_of(shop.home, "tea", by=SCREEN)


@pytest.mark.parametrize("change", ["delete from looks", "update looks set actor = 'nobody'"])
def test_no_look_is_taken_back(database: Database, shop: SmallShop, change: str) -> None:
    requests.look(shop.home, "tea", "p1", found_by="member", by=SCREEN, at=NOW)

    engine = state.requests_engine(shop.home)
    with pytest.raises(DatabaseError, match="append-only"), state.writing(engine) as connection:
        connection.execute(sa.text(change))

    assert [one.actor for one in requests.looks_of(shop.home, "tea", by=BOSS)] == ["loopback"]


def test_a_viewer_neither_looks_nor_stops_anybody(shop: SmallShop) -> None:
    with pytest.raises(NotAllowed, match="to look at one person"):
        requests.look(shop.home, "tea", "p1", found_by="member", by=GUEST, at=NOW)
    with pytest.raises(NotAllowed, match="to stop a person by hand"):
        requests.block(shop.home, "tea", "p1", by=GUEST, at=NOW)

    assert requests.looks_of(shop.home, "tea", by=BOSS) == []
    assert requests.open_blocks(shop.home, "tea") == []


def test_whom_a_screen_stopped_is_in_no_file_any_more(shop: SmallShop) -> None:
    first = people(3)[0].person_id
    assert counts(shop) == {"handed_over": 3}

    asked = requests.block(shop.home, "tea", first, by=SCREEN, at=NOW)
    again = requests.block(shop.home, "tea", first, by=BOSS, at=NOW + timedelta(hours=1))

    assert (asked, again.actor) == (requests.block_of(shop.home, "tea", first), "loopback")
    assert counts(shop) == {"handed_over": 2, "manual_block": 1}
    done = requests.block_of(shop.home, "tea", first)
    assert done is not None
    assert done.done_at == NOW
    assert requests.open_blocks(shop.home, "tea") == []
    assert exports.carry_out_blocks(shop.home, shop.shop, now=NOW) == 0


def test_every_address_and_account_of_a_person_is_stopped_on_every_channel(
    shop: SmallShop,
) -> None:
    """p9 was two persons when somebody stopped the second one; it is one by now."""
    shop.publish([Person("p9", "a@tea.example", other_ids=("p10",), also=("b@tea.example",))])
    requests.block(shop.home, "tea", "p10", by=SCREEN, at=NOW)

    # Two accounts, two addresses.
    assert exports.carry_out_blocks(shop.home, shop.shop, now=NOW) == 4 * len(CHANNELS)
    landed = exports.ledger_tables(shop.home, shop.shop)["suppressions"]

    assert set(landed["reason"]) == {"manual"}
    assert set(landed["note"]) == {"operator:loopback"}
    assert set(landed["channel"]) == set(CHANNELS)
    assert counts(shop) == {"manual_block": 1}


def test_a_person_nobody_knows_any_more_is_stopped_under_the_old_id(shop: SmallShop) -> None:
    requests.block(shop.home, "tea", "gone", by=SCREEN, at=NOW)
    assert counts(shop) == {"handed_over": 3}

    shop.publish([Person("p9", "a@tea.example", other_ids=("gone",))])

    assert counts(shop) == {"manual_block": 1}


def test_an_address_leads_to_its_person_and_a_text_that_is_none_is_refused(
    shop: SmallShop,
) -> None:
    shop.publish([Person("p9", "a@tea.example", also=("b@tea.example",))])

    def found(email: str) -> str | None:
        return exports.person_by_email(shop.home, shop.shop, email)

    assert found(" A@Tea.example ") == found("b@tea.example") == "p9"
    assert found("c@tea.example") is None
    with pytest.raises(exports.NoAddress):
        found("p9")


@pytest.fixture
def street(shop: SmallShop) -> Any:
    """As much of a run as is needed to stop people by."""
    return SimpleNamespace(home=shop.home, shop=shop.shop, run=SimpleNamespace(loaded_at=NOW))


def test_a_run_stops_people_too_so_that_its_numbers_know(shop: SmallShop, street: Any) -> None:
    first = people(3)[0].person_id
    requests.block(shop.home, "tea", first, by=SCREEN, at=NOW)

    stop_people(street)

    assert requests.open_blocks(shop.home, "tea") == []
    assert not exports.ledger_tables(shop.home, shop.shop)["suppressions"].is_empty()


def test_a_damaged_snapshot_ends_no_run_and_the_block_waits(shop: SmallShop, street: Any) -> None:
    requests.block(shop.home, "tea", "p1", by=SCREEN, at=NOW)
    for file in shop.home.private.glob("*.duckdb"):
        file.write_bytes(b"")

    stop_people(street)

    assert [one.person_id for one in requests.open_blocks(shop.home, "tea")] == ["p1"]
    with pytest.raises(exports.ExportRefused):
        results.take_in(shop.home, shop.shop, now=NOW)
