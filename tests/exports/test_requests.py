"""Who may ask, release and cancel; every step of it written down; totals typed in by hand."""

from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from pipelines import exports, requests, state
from pipelines.actors import LOOPBACK, Actor, NotAllowed, Origin, Role
from pipelines.canonical import TABLES
from tests.exports.databases import Database
from tests.exports.inside import Dead, dying_at
from tests.exports.shop_files import MACHINE, NOW, SmallShop, people, small_shop

HANA = Actor("hana@example.jp", Role.EXPORTER, Origin.DASHBOARD)
TARO = Actor("taro@example.jp", Role.EXPORTER, Origin.DASHBOARD)
SCREEN = Actor(LOOPBACK, Role.EXPORTER, Origin.DASHBOARD)
GUEST = Actor("guest@example.jp", Role.VIEWER, Origin.DASHBOARD)
BIG = (
    "  - {key: big, profile: generic_utf8, country: JP, contract: 委託, basis: x, approve_above: 2}"
)


@pytest.fixture
def shop(tmp_path: Path) -> SmallShop:
    shop = small_shop(tmp_path, more=BIG)
    shop.publish(people(3))
    return shop


def ask(shop: SmallShop, *, by: Actor = HANA, send: bool = True, destination: str = "big") -> str:
    return exports.request(
        shop.home, shop.shop, "cart_recovery", destination, send=send, requested_by=by, clock=NOW
    )


def events(shop: SmallShop, request_id: str) -> list[tuple[str, str, str]]:
    found = requests.events_of(shop.home, request_id)
    return [(one.event, one.actor, one.origin) for one in found]


def test_a_viewer_changes_nothing_whatever_function_is_called(shop: SmallShop) -> None:
    waiting = ask(shop, send=False)
    batch = "cart_recovery-1-x"

    for act in (
        lambda: ask(shop, by=GUEST),
        lambda: requests.create(
            shop.home, "tea", segment="cart_recovery", destination="big", requested_by=GUEST,
            requested_at=NOW,
        ),
        lambda: requests.release(shop.home, waiting, by=GUEST, at=NOW),
        lambda: exports.release(shop.home, shop.shop, waiting, by=GUEST, clock=NOW),
        lambda: requests.cancel(shop.home, waiting, by=GUEST, at=NOW),
        lambda: exports.cancel(shop.home, shop.shop, waiting, by=GUEST, now=NOW),
        lambda: requests.type_totals(shop.home, "tea", batch, {"sent": 1}, by=GUEST, at=NOW),
    ):  # fmt: skip
        with pytest.raises(NotAllowed, match=r"guest@example.jp is viewer; .* has to be exporter"):
            act()

    assert [one.request_id for one in requests.all_of(shop.home, "tea")] == [waiting]
    assert events(shop, waiting) == [("asked", "hana@example.jp", "dashboard")]
    assert requests.totals_of(shop.home, "tea") == []


@pytest.mark.parametrize("name", ["", "  "])
def test_nobody_acts_without_a_name(name: str) -> None:
    with pytest.raises(NotAllowed, match="log in"):
        Actor(name, Role.ADMIN, Origin.DASHBOARD)


def test_a_large_hand_over_takes_two_and_says_who_they_were(shop: SmallShop) -> None:
    request_id = ask(shop)
    with pytest.raises(exports.ExportRefused, match="above 2 a second person has to"):
        shop.run(request_id)
    with pytest.raises(requests.BadRequest, match="a second one has to"):
        exports.release(shop.home, shop.shop, request_id, by=HANA, clock=NOW)

    exports.release(shop.home, shop.shop, request_id, by=TARO, clock=NOW)
    shop.run(request_id)

    assert events(shop, request_id) == [
        ("asked", "hana@example.jp", "dashboard"), ("running", "okaeri", "run"),
        ("waiting_for_approval", "okaeri", "run"), ("released", "taro@example.jp", "dashboard"),
        ("running", "okaeri", "run"), ("done", "okaeri", "run"),
    ]  # fmt: skip
    (left,) = exports.disclosures(shop.home, shop.shop)
    assert (left.asked_by, left.released_by) == ("hana@example.jp", "taro@example.jp")


def test_a_plan_is_released_by_whoever_read_it_and_by_a_second_person_if_it_is_large(
    shop: SmallShop,
) -> None:
    plan = ask(shop, send=False)
    shop.run(plan)

    mine = exports.release(shop.home, shop.shop, plan, by=HANA, clock=NOW)
    with pytest.raises(exports.ExportRefused, match="second person"):
        shop.run(mine)
    exports.release(shop.home, shop.shop, mine, by=TARO, clock=NOW)
    assert shop.run(mine).state == "done"

    again = ask(shop, send=False)
    shop.run(again)
    theirs = exports.release(shop.home, shop.shop, again, by=TARO, clock=NOW)
    released = requests.read(shop.home, theirs)
    assert (released.requested_by, released.approved_by) == (HANA.name, TARO.name)
    assert released.slot == again


@pytest.mark.parametrize(("asks", "releases"), [(SCREEN, TARO), (HANA, SCREEN), (SCREEN, SCREEN)])
def test_who_sits_at_a_screen_without_a_login_is_neither_of_the_two(
    shop: SmallShop, asks: Actor, releases: Actor
) -> None:
    """It may be the same person twice, who also types at the terminal under another name."""
    plan = ask(shop, send=False, by=asks)
    shop.run(plan)
    released = exports.release(shop.home, shop.shop, plan, by=releases, clock=NOW)
    with pytest.raises(exports.ExportRefused, match="second person"):
        shop.run(released)

    with pytest.raises(NotAllowed, match="without a login"):
        exports.release(shop.home, shop.shop, released, by=releases, clock=NOW)
    assert requests.read(shop.home, released).request_state == "waiting_for_approval"


def test_a_plan_for_a_destination_without_grounds_is_never_released(shop: SmallShop) -> None:
    plan = ask(shop, send=False, destination="nowhere")
    shop.run(plan)

    with pytest.raises(exports.ExportRefused, match=r"destinations.nowhere.country"):
        exports.release(shop.home, shop.shop, plan, by=TARO, clock=NOW)


@pytest.mark.parametrize("place", ["claim:done", "seal:done"])
def test_a_cancelled_request_frees_whom_a_dead_run_had_reserved(
    shop: SmallShop, place: str
) -> None:
    request_id = ask(shop, destination="mailer")
    with pytest.raises(Dead):
        shop.run(request_id, checkpoint=dying_at(place))

    freed = exports.cancel(shop.home, shop.shop, request_id, by=TARO, now=NOW)

    (row,) = exports.batches(shop.home)
    assert (freed, row.state) == ([row.batch_id], "VOID")
    assert requests.read(shop.home, request_id).request_state == "cancelled"
    assert list((shop.outbox() / ".staging").glob("cart*")) == []
    assert shop.send().counts == {"cart_recovery/1/email": {"handed_over": 3}}
    assert events(shop, request_id)[-1] == ("cancelled", "taro@example.jp", "dashboard")


@pytest.mark.parametrize("by_start", [True, False])
def test_what_a_screen_cancelled_never_leaves(shop: SmallShop, by_start: bool) -> None:
    request_id = ask(shop, destination="mailer")
    with pytest.raises(Dead):
        shop.run(request_id, checkpoint=dying_at("seal:done"))
    requests.reopen_running(shop.home, shop.shop.id, "mailer", at=NOW)
    requests.cancel(shop.home, request_id, by=TARO, at=NOW)

    if by_start:
        assert exports.recover(shop.home, shop.shop, clock=NOW, machine=MACHINE) == ()
    again = shop.send()

    assert sorted(row.state for row in exports.batches(shop.home)) == ["DELIVERED", "VOID"]
    assert again.counts == {"cart_recovery/1/email": {"handed_over": 3}}
    assert len(list(shop.outbox().glob("*.csv"))) == 1


def test_what_a_screen_cancelled_too_late_waits_for_a_person(shop: SmallShop) -> None:
    request_id = ask(shop, destination="mailer")
    with pytest.raises(Dead):
        shop.run(request_id, checkpoint=dying_at("intent:done"))
    requests.reopen_running(shop.home, shop.shop.id, "mailer", at=NOW)
    requests.cancel(shop.home, request_id, by=TARO, at=NOW)

    assert exports.recover(shop.home, shop.shop, clock=NOW, machine=MACHINE) == ()

    (row,) = exports.batches(shop.home)
    assert (row.state, row.reason) == (
        "HOLD", "its request was taken back while the file was being handed over",
    )  # fmt: skip
    assert list(shop.outbox().glob("*.csv")) == []
    exports.resolve(shop.home, shop.shop, row.batch_id, "not-delivered", actor="hana", now=NOW)
    assert shop.send().counts == {"cart_recovery/1/email": {"handed_over": 3}}


def test_what_has_left_or_may_have_cannot_be_cancelled(shop: SmallShop) -> None:
    done = ask(shop, destination="mailer")
    shop.run(done)
    with pytest.raises(requests.BadMove, match="done and cannot become cancelled"):
        exports.cancel(shop.home, shop.shop, done, by=TARO, now=NOW)

    shop.publish(people(2, start=5))
    leaving = ask(shop, destination="mailer")
    with pytest.raises(Dead):
        shop.run(leaving, checkpoint=dying_at("intent:done"))
    with pytest.raises(exports.ExportRefused, match="recover first"):
        exports.cancel(shop.home, shop.shop, leaving, by=TARO, now=NOW)


@pytest.mark.parametrize("table", ["request_events", "typed_totals"])
@pytest.mark.parametrize("change", ["delete from {}", "update {} set actor = 'nobody'"])
def test_the_database_itself_keeps_the_trail(
    database: Database, shop: SmallShop, table: str, change: str
) -> None:
    shop.send()
    (row,) = exports.batches(shop.home)
    exports.type_totals(shop.home, shop.shop, row.batch_id, {"sent": 3}, by=HANA, now=NOW)
    engine = state.requests_engine(shop.home)

    with pytest.raises(DatabaseError, match="append-only"), state.writing(engine) as connection:
        connection.execute(sa.text(change.format(table)))

    with state.reading(engine) as connection:
        assert connection.execute(sa.text(f"select count(*) from {table}")).scalar_one() > 0


def test_typed_totals_come_back_as_a_mailers_own_figures(shop: SmallShop) -> None:
    night = NOW.replace(hour=16)  # 01:00 of the eleventh in Tokyo
    (sent,) = shop.send(at=night).batches
    exports.type_totals(shop.home, shop.shop, sent.batch_id, {"sent": 2}, by=HANA, now=night)
    counts = {"sent": 3, "opened": 2, "unsubscribed": 0}
    exports.type_totals(shop.home, shop.shop, sent.batch_id, counts, by=TARO, now=night)

    frame = exports.typed_results(shop.home, shop.shop)

    assert frame.columns == list(TABLES["mail_results_summary"].names)
    (row,) = frame.to_dicts()
    assert (row["sent_count"], row["open_count"], row["unsubscribe_count"]) == (3, 2, 0)
    assert row["click_count"] is None
    assert (row["provider"], row["campaign_key"], row["step_number"]) == (
        "mailer", "cart_recovery", 1,
    )  # fmt: skip
    assert (row["summary_basis"], str(row["period_starts_on"])) == ("typed", "2026-11-11")
    assert frame["as_of_on"].dtype == pl.Date


@pytest.mark.parametrize(("counts", "said"), [
    ({}, "no total was typed"), ({"sent": -1}, "0 or more"),
    ({"sent": 3, "opened": 4}, "more than --sent 3"),
])  # fmt: skip
def test_totals_that_cannot_be_are_refused(
    shop: SmallShop, counts: dict[str, int], said: str
) -> None:
    (sent,) = shop.send().batches

    with pytest.raises(requests.BadRequest, match=said):
        exports.type_totals(shop.home, shop.shop, sent.batch_id, counts, by=HANA, now=NOW)
    with pytest.raises(exports.UnknownBatch):
        exports.type_totals(shop.home, shop.shop, "no-such", {"sent": 1}, by=HANA, now=NOW)


def test_the_log_keeps_the_grounds_on_which_a_file_left(shop: SmallShop) -> None:
    shop.send()

    changed = shop.shop.model_copy(update={"destinations": ()})
    (left,) = exports.disclosures(shop.home, changed)

    assert (left.country, left.contract, left.basis) == ("JP", "entrustment", "購買者への案内")
    assert (left.purpose, left.persons, left.destination) == ("cart_reminder", 3, "mailer")
    assert {"email", "name", "recipient_token"} <= set(left.columns)
    assert left.sha256 == exports.batches(shop.home)[0].sha256


def test_a_difference_names_who_is_added_again_and_gone(shop: SmallShop) -> None:
    shop.send()
    # The second cart of person 1 is a new occurrence; 0 is gone; 7 and 8 are new.
    later = NOW.replace(day=20)
    shop.publish(
        [
            type(p)(
                p.person_id, p.email, occurrence=f"later-{p.person_id}", qualified_at=later,
                due_at=later, valid_until_at=None,
            )
            for p in (*people(2, start=1), *people(2, start=7))
        ]
    )  # fmt: skip

    outcome = shop.run(ask(shop, send=False, destination="mailer"), at=later)

    (plan,) = requests.plans_of(shop.home, outcome.request_id)
    assert plan.difference == {"added": 2, "again": 2, "in_last": 3, "left": 1}


@pytest.mark.parametrize(("verdict", "becomes"), [
    ("delivered", "done"), ("not-delivered", "cancelled"),
])  # fmt: skip
def test_a_request_on_hold_is_over_when_its_batch_is_decided(
    shop: SmallShop, verdict: str, becomes: str
) -> None:
    request_id = ask(shop, destination="mailer")
    with pytest.raises(Dead):
        shop.run(request_id, checkpoint=dying_at("intent:done"))
    outcome = shop.run(request_id, machine=exports.Machine("machine-1", "boot-2"))
    assert (outcome.state, [batch.state for batch in outcome.batches]) == ("hold", ["HOLD"])
    with pytest.raises(requests.BadMove, match="decide it first"):
        exports.cancel(shop.home, shop.shop, request_id, by=TARO, now=NOW)

    (row,) = exports.batches(shop.home)
    exports.resolve(shop.home, shop.shop, row.batch_id, verdict, actor="taro", now=NOW)

    assert requests.read(shop.home, request_id).request_state == becomes
    assert events(shop, request_id)[-1] == (becomes, "taro", "terminal")
