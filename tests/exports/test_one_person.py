"""One person: who looked is written down for good, and whom a screen stopped gets nothing more."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import DatabaseError

from pipelines import exports, requests, results, state
from pipelines.actors import LOOPBACK, Actor, NotAllowed, Origin, Role
from pipelines.canonical import CHANNELS
from pipelines.defs.landing import _stop_people as stop_people
from pipelines.migrations import upgrade
from pipelines.settings import Home
from tests.exports.databases import Database
from tests.exports.shop_files import NOW, Person, SmallShop, people, small_shop
from tests.exports.test_gates import hash_of, suppressions

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
    with pytest.raises(NotAllowed, match="to lift a manual stop"):
        requests.lift(shop.home, "tea", "p1", reason="why not", by=GUEST, at=NOW)

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


def lift(shop: SmallShop, person: str, *, hours: int = 1) -> requests.Block:
    at = NOW + timedelta(hours=hours)
    return requests.lift(shop.home, "tea", person, reason="asked by phone", by=BOSS, at=at)


def test_whom_a_screen_let_go_is_written_to_again_and_can_be_stopped_again(
    shop: SmallShop,
) -> None:
    first = people(3)[0].person_id
    requests.block(shop.home, "tea", first, by=SCREEN, at=NOW - timedelta(hours=3))
    assert counts(shop) == {"handed_over": 2, "manual_block": 1}

    lifted, again = lift(shop, first, hours=-2), lift(shop, first)

    assert lifted == again
    assert counts(shop) == {"handed_over": 3}
    requests.block(shop.home, "tea", first, by=BOSS, at=NOW - timedelta(hours=1))
    assert counts(shop) == {"handed_over": 2, "manual_block": 1}
    known = requests.blocks_of(shop.home, "tea", first)
    assert [(one.wish, one.actor, one.reason, one.done_at) for one in known] == [
        ("block", "boss@example.jp", None, NOW),
        ("lift", "boss@example.jp", "asked by phone", NOW),
        ("block", "loopback", None, NOW),
    ]
    # Both spans are the ledger's for ever: the first one as it was when it ended.
    spans = exports.ledger_tables(shop.home, shop.shop)["suppressions"]
    mail = spans.filter(channel="email").select("started_at", "ended_at").unique()
    begun = [NOW - timedelta(hours=3), NOW - timedelta(hours=1)]
    assert sorted(mail.rows()) == [
        (begun[0].replace(tzinfo=None), (NOW - timedelta(hours=2)).replace(tzinfo=None)),
        (begun[1].replace(tzinfo=None), None),
    ]


def test_stopped_and_let_go_before_anything_left_nobody_stays_stopped(shop: SmallShop) -> None:
    first = people(3)[0].person_id
    requests.block(shop.home, "tea", first, by=SCREEN, at=NOW)
    lift(shop, first, hours=0)

    assert counts(shop) == {"handed_over": 3}
    assert requests.open_blocks(shop.home, "tea") == []
    # A clock that stands still: the same instant again.
    requests.block(shop.home, "tea", first, by=SCREEN, at=NOW)
    assert counts(shop) == {"handed_over": 2, "manual_block": 1}


@pytest.mark.parametrize(
    ("reason", "gate"),
    [
        ("unsubscribe", "unsubscribed"),
        ("complaint", "complaint"),
        ("hard_bounce", "hard_bounce"),
        ("legal", "manual_block"),
    ],
)
def test_a_lift_ends_no_stop_but_the_manual_one(shop: SmallShop, reason: str, gate: str) -> None:
    first = people(3)[0]
    requests.block(shop.home, "tea", first.person_id, by=SCREEN, at=NOW - timedelta(hours=2))
    exports.suppress(shop.home, shop.shop, email=first.email, reason=reason, by="me", now=NOW)
    lift(shop, first.person_id, hours=-1)

    assert counts(shop) == {"handed_over": 2, gate: 1}


def test_a_lift_leaves_the_shops_own_list_alone(shop: SmallShop) -> None:
    first = people(3)[0].person_id
    listed = suppressions({"email_hash": hash_of("u0@example.jp"), "reason": "manual"})
    exports.import_suppressions(shop.home, shop.shop, listed)
    requests.block(shop.home, "tea", first, by=SCREEN, at=NOW - timedelta(hours=2))
    lift(shop, first, hours=-1)

    assert counts(shop) == {"handed_over": 2, "manual_block": 1}
    ended = listed.with_columns(ended_at=NOW.replace(tzinfo=None) - timedelta(minutes=1))
    exports.import_suppressions(shop.home, shop.shop, ended)
    assert counts(shop) == {"handed_over": 3}


def test_what_landing_still_holds_of_a_stop_by_hand_does_not_bring_it_back(
    shop: SmallShop,
) -> None:
    """A run takes landing over before it lands the ledger anew; a lost ledger learns from it."""
    first = people(3)[0].person_id
    requests.block(shop.home, "tea", first, by=SCREEN, at=NOW - timedelta(hours=2))
    exports.carry_out_blocks(shop.home, shop.shop, now=NOW)
    before = exports.ledger_tables(shop.home, shop.shop)["suppressions"]
    lift(shop, first, hours=-1)
    exports.carry_out_blocks(shop.home, shop.shop, now=NOW)

    assert exports.import_suppressions(shop.home, shop.shop, before) == 0
    assert counts(shop) == {"handed_over": 3}
    after = exports.ledger_tables(shop.home, shop.shop)["suppressions"]
    assert set(after["suppression_id"]) == set(before["suppression_id"])

    with state.writing(state.ledger_engine(shop.home)) as connection:
        connection.execute(state.suppression.delete())
    assert exports.import_suppressions(shop.home, shop.shop, before) == before.height
    assert exports.ledger_tables(shop.home, shop.shop)["suppressions"].equals(before)


@pytest.mark.parametrize("reason", ["", "  \n ", "x" * 201])
def test_a_lift_without_a_reason_is_refused(shop: SmallShop, reason: str) -> None:
    requests.block(shop.home, "tea", "p1", by=SCREEN, at=NOW)

    with pytest.raises(requests.BadRequest, match="a reason has 1 to 200"):
        requests.lift(shop.home, "tea", "p1", reason=reason, by=SCREEN, at=NOW)

    assert [one.wish for one in requests.blocks_of(shop.home, "tea", "p1")] == ["block"]


@pytest.mark.parametrize("change", ["delete from", "update"])
def test_no_block_is_taken_out_of_the_log(database: Database, shop: SmallShop, change: str) -> None:
    requests.block(shop.home, "tea", "p1", by=SCREEN, at=NOW)
    text = f"{change} person_block_events" + (" set actor = 'x'" if change == "update" else "")

    engine = state.requests_engine(shop.home)
    with pytest.raises(DatabaseError, match="append-only"), state.writing(engine) as connection:
        connection.execute(sa.text(text))


def test_who_was_stopped_before_there_was_a_log_stays_stopped(tmp_path: Path) -> None:
    home = Home(tmp_path / "tea")
    home.path.mkdir()
    engine = sa.create_engine(home.requests_url)
    config = Config()
    folder = Path(state.__file__).parent / "migrations" / "requests"
    config.set_main_option("script_location", str(folder))
    with engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "requests_0006")
        old = "('tea', '{}', 'boss', 'admin', 'dashboard', '2026-01-01 00:00:00.000000', {})"
        done = "'2026-01-02 00:00:00.000000'"
        for person, at in (("p1", done), ("p2", "null")):
            connection.execute(
                sa.text(f"insert into person_blocks values {old.format(person, at)}")
            )

    upgrade(engine, "requests")

    kept = requests.block_of(home, "tea", "p1")
    assert kept is not None
    assert (kept.wish, kept.actor, kept.done_at) == (
        "block",
        "boss",
        datetime(2026, 1, 2, tzinfo=UTC),
    )
    assert [one.person_id for one in requests.open_blocks(home, "tea")] == ["p2"]


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
