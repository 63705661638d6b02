"""What a crash, a restore or a broken disk leaves behind, and what becomes of it: row by row."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipelines import exports, requests, state
from pipelines.exports import handoff
from pipelines.exports.destinations import outbox_of
from pipelines.exports.errors import OutboxUnusable, WeakLedger, WrongMachine
from pipelines.exports.machine import uptime
from pipelines.exports.payload import Vault
from pipelines.exports.rules import Rules
from pipelines.exports.snapshot import open_snapshot
from tests.exports.databases import Database
from tests.exports.effects import BETWEEN, POINTS
from tests.exports.killing import Exporters
from tests.exports.mailer import Mailer
from tests.exports.shop_files import MACHINE, NOW, Person, SmallShop, people, small_shop
from tests.exports.test_handoff import emails, rows_of

# Processes that die.
pytestmark = pytest.mark.slow

HOUR = timedelta(hours=1)
RESTARTED = exports.Machine(MACHINE.machine_id, "boot-2")
CLONE = exports.Machine("machine-2", "boot-7")
SEALED = POINTS["the seal is committed"]
STAGED = r"rename outbox/mailer/\.staging/.+\.csv"


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> Iterator[SmallShop]:
    """Three people, on either database."""
    found = small_shop(tmp_path / "shop")
    found.publish(people(3))
    yield found
    state.engine_of(found.home.ledger_url).dispose()


def killed(exporters: Exporters, shop: SmallShop, point: str) -> str:
    """Id of a request whose process was killed at a point."""
    request_id = shop.ask()
    exporters.killed_at(shop, (request_id, NOW), point=point)
    return request_id


def visible(shop: SmallShop, destination: str = "mailer") -> list[str]:
    """What a mailer can see, also one that looks at everything."""
    return sorted(path.name for path in shop.outbox(destination).glob("[!.]*.*"))


def states(shop: SmallShop) -> list[str]:
    return [row.state for row in exports.batches(shop.home)]


def tokens(shop: SmallShop) -> list[str]:
    """Recipient tokens in the order of the claims."""
    query = sa.select(state.claim.c.recipient_token).order_by(state.claim.c.ord)
    with state.reading(state.ledger_engine(shop.home)) as connection:
        return list(connection.execute(query).scalars())


def staged(shop: SmallShop) -> list[Path]:
    return sorted((shop.outbox() / ".staging").glob("*.csv"))


def unsubscribe(shop: SmallShop, email: str) -> None:
    exports.suppress(shop.home, shop.shop, email=email, reason="unsubscribe", by="t", now=NOW)


# Crashes.


def test_a_crash_inside_the_claim_leaves_no_claim(exporters: Exporters, shop: SmallShop) -> None:
    killed(exporters, shop, "the claims are written and not committed")

    assert states(shop) == []
    assert len(emails(shop.send())) == 3


def test_a_crash_after_the_claim_keeps_the_people_and_their_order(
    exporters: Exporters, shop: SmallShop
) -> None:
    request_id = killed(exporters, shop, "the claims are committed")
    claimed = tokens(shop)
    shop.publish(people(5)[::-1])

    (batch,) = shop.run(request_id).batches

    assert batch.file is not None
    assert [row["recipient_token"] for row in rows_of(batch.file)] == claimed


@pytest.mark.parametrize("point", [
    "the staged file is empty", "the staged file is not on the disk", "the manifest is half",
    "the seal is not committed",
])  # fmt: skip
def test_a_crash_while_sealing_is_not_seen_and_rewrites_the_same_revision(
    exporters: Exporters, shop: SmallShop, point: str
) -> None:
    request_id = killed(exporters, shop, point)
    (left,) = staged(shop)

    assert visible(shop) == []
    assert left.stat().st_mode & 0o777 == 0o600
    assert left.parent.stat().st_mode & 0o777 == 0o700
    (batch,) = shop.run(request_id).batches
    assert visible(shop) == [left.name]
    assert batch.state == "DELIVERED"


def test_who_objects_between_seal_and_intent_leaves_with_a_new_revision(
    exporters: Exporters, shop: SmallShop
) -> None:
    request_id = killed(exporters, shop, "the seal is committed")
    unsubscribe(shop, " U1@EXAMPLE.jp")

    outcome = shop.run(request_id)

    assert emails(outcome) == ["u0@example.jp", "u2@example.jp"]
    assert visible(shop) == [f"{outcome.batches[0].batch_id}-r1.csv"]
    assert staged(shop) == []


def test_who_orders_between_claim_and_recovery_is_dropped(
    exporters: Exporters, shop: SmallShop
) -> None:
    request_id = killed(exporters, shop, "the claims are committed")
    shop.publish(people(3), sales={"s:2": NOW})

    outcome = shop.run(request_id, at=NOW + timedelta(minutes=5))

    assert emails(outcome) == ["u0@example.jp", "u1@example.jp"]


def test_a_merge_between_claim_and_recovery_keeps_the_gates(
    exporters: Exporters, shop: SmallShop
) -> None:
    request_id = killed(exporters, shop, "the claims are committed")
    merged = Person("s:9", "u1@example.jp", other_ids=("s:1",), in_segment=False)
    shop.publish([people(1)[0], merged, people(3)[2]], sales={"s:9": NOW})

    outcome = shop.run(request_id, at=NOW + timedelta(minutes=5))

    assert emails(outcome) == ["u0@example.jp", "u2@example.jp"]


def test_a_crash_between_intent_and_rename_hands_over_once(
    exporters: Exporters, shop: SmallShop
) -> None:
    request_id = killed(exporters, shop, "the intent is committed")
    assert states(shop) == ["HANDING_OFF"]
    assert visible(shop) == []

    assert len(emails(shop.run(request_id))) == 3


def test_a_file_a_mailer_took_is_never_written_again(exporters: Exporters, shop: SmallShop) -> None:
    request_id = killed(exporters, shop, "the file is out and not on the disk")
    mailer = Mailer((shop.outbox(),))
    mailer.poll()

    outcome = shop.run(request_id)

    assert outcome.batches[0].state == "DELIVERED"
    assert visible(shop) == []
    assert set(mailer.messages.values()) == {1}


def test_a_restart_of_the_machine_in_mid_hand_over_waits_for_a_person(
    exporters: Exporters, shop: SmallShop
) -> None:
    request_id = killed(exporters, shop, "the intent is committed")

    held = shop.run(request_id, machine=RESTARTED)

    assert held.state == "hold"
    assert "restarted" in str(held.reason)
    assert visible(shop) == []
    assert emails(shop.send(machine=RESTARTED)) == []


def test_a_restart_after_the_rename_is_no_doubt(exporters: Exporters, shop: SmallShop) -> None:
    request_id = killed(exporters, shop, "the file is out and not on the disk")

    assert shop.run(request_id, machine=RESTARTED).batches[0].state == "DELIVERED"


@pytest.mark.parametrize(("verdict", "then"), [("delivered", 0), ("not-delivered", 3)])
def test_a_held_batch_is_decided_by_a_person_and_leaves_nothing_in_staging(
    exporters: Exporters, shop: SmallShop, verdict: str, then: int
) -> None:
    request_id = killed(exporters, shop, "the intent is committed")
    held = shop.run(request_id, machine=RESTARTED)
    assert len(staged(shop)) == 1

    exports.resolve(shop.home, shop.shop, held.batches[0].batch_id, verdict, actor="me", now=NOW)

    assert len(emails(shop.send(machine=RESTARTED))) == then
    assert staged(shop) == []
    with pytest.raises(exports.ExportRefused, match="only a batch on HOLD"):
        exports.resolve(
            shop.home, shop.shop, held.batches[0].batch_id, verdict, actor="me", now=NOW
        )


@pytest.mark.parametrize(("after", "change"), [
    (r"committed CLAIMED\+SEALED", "append"), (r"committed CLAIMED\+SEALED", "unlink"),
    (r"committed HANDING_OFF\+SEALED", "append"),
])  # fmt: skip
def test_a_staged_file_that_was_touched_is_held(
    exporters: Exporters, shop: SmallShop, after: str, change: str
) -> None:
    wish = shop.ask(), NOW
    child = exporters.start(shop, wish, stop=after)
    assert child.is_stopped()
    (left,) = staged(shop)
    if change == "append":
        left.write_bytes(left.read_bytes() + b'"=cmd"\r\n')
    else:
        left.unlink()
    child.go_on()

    assert child.finish()["states"] == ["hold"]
    assert states(shop) == ["HOLD"]
    assert visible(shop) == []


# Disks.


def test_a_full_disk_while_sealing_keeps_the_people_reserved_until_there_is_room(
    exporters: Exporters, database: Database, shop: SmallShop
) -> None:
    long = "茶" * 4000  # 12,000 bytes a line: the file is larger than what the disk still takes
    shop.publish([replace(person, item=long) for person in people(60)])
    wish = shop.ask(), NOW

    said = exporters.troubled(
        shop, wish, effect=r"opened outbox/mailer/\.staging/.+\.csv", room=600_000
    )

    assert "cannot be written" in said
    assert "the next export tries again" in said
    assert states(shop) == ["CLAIMED"]
    assert visible(shop) == []
    assert requests.read(shop.home, wish[0]).request_state == "failed"
    other = shop.send(destination="listmonk")
    assert other.counts["cart_recovery/1/email"] == {"already_handed_over": 60}
    assert len(emails(shop.run(wish[0]))) == 60


@pytest.mark.parametrize("error", ["EROFS", "EIO", "ESTALE"])
def test_an_outbox_that_refuses_the_rename_is_tried_again(
    exporters: Exporters, shop: SmallShop, error: str
) -> None:
    wish = shop.ask(), NOW

    said = exporters.troubled(shop, wish, effect=STAGED, error=error)

    assert "tried again by the next export" in said
    assert states(shop) == ["HANDING_OFF"]
    assert len(emails(shop.run(wish[0]))) == 3


def test_a_rename_whose_answer_was_lost_is_done(exporters: Exporters, shop: SmallShop) -> None:
    wish = shop.ask(), NOW

    child = exporters.start(
        shop, wish, trouble={"effect": STAGED, "error": "ENOENT", "is_done": True}
    )

    assert child.finish()["states"] == ["done"]
    assert states(shop) == ["DELIVERED"]
    assert len(visible(shop)) == 1


def test_an_outbox_that_cannot_be_written_is_refused_at_the_start(shop: SmallShop) -> None:
    shop.home.outbox.mkdir(parents=True)
    (shop.home.outbox / "mailer").write_text("a file where a folder should be")

    with pytest.raises(OutboxUnusable):
        shop.send()

    assert states(shop) == []


def test_staging_on_another_file_system_is_refused(shop: SmallShop) -> None:
    elsewhere = Path("/dev/shm")
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == shop.home.path.parent.stat().st_dev:
        pytest.skip("this machine has one file system only")
    shop.outbox().mkdir(parents=True)
    target = elsewhere / f"okaeri-{shop.home.path.parent.parent.name}"
    target.mkdir()
    (shop.outbox() / ".staging").symlink_to(target)

    try:
        with pytest.raises(OutboxUnusable, match="different file systems"):
            shop.send()
    finally:
        shutil.rmtree(target)


def test_a_ledger_that_does_not_write_through_is_refused(
    request: pytest.FixtureRequest, shop: SmallShop
) -> None:
    engine = state.ledger_engine(shop.home)
    engine.dispose()
    weak = "pragma synchronous=NORMAL"
    if engine.dialect.name == "postgresql":
        weak = "set session synchronous_commit = off"

    def weaken(connection: object, _record: object) -> None:
        connection.cursor().execute(weak)  # type: ignore[attr-defined]
        connection.commit()  # type: ignore[attr-defined]

    sa.event.listen(engine, "connect", weaken)
    request.addfinalizer(engine.dispose)
    request.addfinalizer(lambda: sa.event.remove(engine, "connect", weaken))

    with pytest.raises(WeakLedger, match="synchronous"):
        shop.send()

    assert states(shop) == []
    assert visible(shop) == []


# Time.


def test_an_expired_batch_is_given_up_and_its_people_are_free(
    exporters: Exporters, shop: SmallShop
) -> None:
    request_id = killed(exporters, shop, "the seal is committed")
    later = NOW + 25 * HOUR

    outcome = shop.run(request_id, at=later)

    assert outcome.batches[0].state == "EXPIRED"
    assert staged(shop) == []
    assert visible(shop) == []
    shop.publish([replace(person, valid_until_at=later + HOUR) for person in people(3)])
    assert len(emails(shop.send(at=later))) == 3


def test_a_run_that_waited_too_long_looks_at_the_hour_it_leaves_at(
    exporters: Exporters, shop: SmallShop
) -> None:
    killed(exporters, shop, "the seal is committed")
    rules = Rules.of(shop.shop, shop.home)
    slow = handoff.Handoff(
        engine=state.ledger_engine(shop.home), destination="mailer",
        outbox=outbox_of(rules, rules.destination("mailer"), shop.home), rules=rules, vault=Vault(rules.pepper),
        facts=open_snapshot(shop.home, shop.shop.id).facts(rules.pepper),
        now=NOW, actor="t", machine=MACHINE, since=uptime() - 25 * 3600,
    )  # fmt: skip

    (row,) = slow.recover()

    assert row.state == "EXPIRED"


@pytest.mark.parametrize("point", BETWEEN)
def test_who_objects_during_a_run_is_absent_before_the_intent_and_recalled_after_it(
    exporters: Exporters, shop: SmallShop, point: str
) -> None:
    child = exporters.start(shop, (shop.ask(), NOW), stop=POINTS[point])
    assert child.is_stopped()
    # Later than the instant the run stands for, as an objection of this very minute is.
    exports.suppress(
        shop.home, shop.shop, email="u1@example.jp", reason="unsubscribe", by="t",
        now=NOW + timedelta(microseconds=1),
    )  # fmt: skip
    child.go_on()

    child.finish()

    mailer = Mailer((shop.outbox(),))
    mailer.poll()
    is_late = point in ("the intent is committed", "the file is out and not on the disk")
    assert mailer.messages["u1@example.jp"] == is_late
    assert mailer.recalled["u1@example.jp"] == is_late
    assert mailer.messages["u0@example.jp"] == 1
    assert mailer.recalled["u0@example.jp"] == 0


# Machines and copies.


def test_a_cloned_machine_is_refused_until_somebody_adopts(shop: SmallShop) -> None:
    shop.send()

    with pytest.raises(WrongMachine, match="adopt"):
        shop.send(machine=CLONE)
    with pytest.raises(WrongMachine, match="paused"):
        shop.send()
    exports.adopt(shop.home, shop.shop, actor="me", now=NOW, machine=CLONE)

    assert emails(shop.send(machine=CLONE)) == []


def test_two_ledgers_do_not_hand_over_into_one_outbox(shop: SmallShop, tmp_path: Path) -> None:
    shared = f"  - {{key: shared, profile: generic_utf8, country: JP, contract: 委託, basis: b, folder: '{shop.outbox()}'}}"
    other = small_shop(tmp_path / "host-b", more=shared)
    other.publish(people(3))
    shop.send()
    with pytest.MonkeyPatch.context() as patch:
        # A host of its own has a database of its own.
        patch.delenv("OKAERI_LEDGER_URL", raising=False)
        patch.delenv("OKAERI_REQUESTS_URL", raising=False)
        with pytest.raises(WrongMachine, match="paused"):
            other.send(destination="shared", machine=CLONE)

        assert states(other) == []
    assert len(visible(shop)) == 1
    assert len(emails(shop.send())) == 0


def test_a_second_ledger_is_refused_before_the_first_has_handed_anything_over(
    exporters: Exporters, shop: SmallShop, database: Database
) -> None:
    killed(exporters, shop, "the claims are written and not committed")
    database.lose(shop)

    with pytest.raises(WrongMachine, match="another ledger"):
        shop.send()


def test_a_restored_ledger_stops_and_adopting_it_writes_to_nobody_twice(
    database: Database, shop: SmallShop
) -> None:
    shop.send()
    database.back_up(shop)
    shop.publish(people(5))
    newer = shop.send()
    database.restore(shop)

    with pytest.raises(WrongMachine, match="restored"):
        shop.send()
    with pytest.raises(WrongMachine, match="paused"):
        shop.send()
    replayed = exports.adopt(shop.home, shop.shop, actor="me", now=NOW, machine=MACHINE)
    after = shop.send()

    assert replayed == [newer.batches[0].batch_id]
    assert emails(after) == []
    assert after.counts["cart_recovery/1/email"] == {"already_handed_over": 5}


def test_a_replayed_batch_counts_for_the_caps_again(database: Database, shop: SmallShop) -> None:
    database_is_empty = shop.ask(send=False)
    shop.run(database_is_empty)
    database.back_up(shop)
    shop.send()
    database.restore(shop)
    with pytest.raises(WrongMachine):
        shop.send()
    exports.adopt(shop.home, shop.shop, actor="me", now=NOW, machine=MACHINE)

    with state.reading(state.ledger_engine(shop.home)) as connection:
        days = connection.execute(sa.select(state.guard.c.message_on)).scalars().all()

    # Three people, each by person and by address.
    assert [str(day) for day in days] == ["2026-11-10"] * 6


def test_a_ledger_older_than_its_outbox_stops_also_when_every_file_is_known(
    exporters: Exporters, database: Database, shop: SmallShop
) -> None:
    request_id = killed(exporters, shop, "the seal is committed")
    database.back_up(shop)
    shop.run(request_id)
    database.restore(shop)

    with pytest.raises(WrongMachine, match="older than what was handed over"):
        shop.send()


def test_what_a_restored_ledger_cannot_tell_is_put_on_hold(
    exporters: Exporters, database: Database, shop: SmallShop
) -> None:
    shop.run(shop.ask(send=False))
    database.back_up(shop)
    killed(exporters, shop, "the intent is committed")
    database.restore(shop)
    with pytest.raises(WrongMachine, match="1 files were sealed"):
        shop.send()

    exports.adopt(shop.home, shop.shop, actor="me", now=NOW, machine=MACHINE)

    (row,) = exports.batches(shop.home)
    assert (row.state, row.reason) == ("HOLD", "its file still lies in staging")
    assert emails(shop.send()) == []


def test_a_ledger_restored_from_the_middle_of_a_batch_is_held(
    exporters: Exporters, database: Database, shop: SmallShop
) -> None:
    request_id = killed(exporters, shop, "the claims are committed")
    database.back_up(shop)
    shop.run(request_id)
    database.restore(shop)
    with pytest.raises(WrongMachine, match="older"):
        shop.send()
    exports.adopt(shop.home, shop.shop, actor="me", now=NOW, machine=MACHINE)

    outcome = shop.send()

    assert sorted(states(shop)) == ["DELIVERED", "HOLD"]
    assert emails(outcome) == []


@pytest.mark.parametrize("left", ["the requests", "the outbox's signature"])
def test_a_ledger_lost_with_its_manifests_waits_for_a_date(
    database: Database, shop: SmallShop, left: str
) -> None:
    shop.send()
    database.lose(shop)
    shutil.rmtree(shop.outbox() if left == "the requests" else shop.outbox() / "manifests")
    fresh = Person("s:7", "u7@example.jp", qualified_at=NOW + HOUR, due_at=NOW + 2 * HOUR,
                   valid_until_at=NOW + 9 * HOUR)  # fmt: skip
    shop.publish([*people(3), fresh])
    later = NOW + 3 * HOUR

    with pytest.raises(WrongMachine, match="neither ledger nor manifests"):
        shop.send(at=later)
    with pytest.raises(WrongMachine, match="--not-before DATE"):
        exports.adopt(shop.home, shop.shop, actor="me", now=later, machine=MACHINE)
    exports.adopt(
        shop.home, shop.shop, actor="me", now=later, machine=MACHINE, not_before={"*": NOW}
    )
    outcome = shop.send(at=later)

    assert emails(outcome) == ["u7@example.jp"]
    assert outcome.counts["cart_recovery/1/email"] == {"already_handed_over": 3, "handed_over": 1}
    assert emails(shop.send(at=later)) == []


def test_each_program_of_a_lost_ledger_waits_for_its_own_date(
    database: Database, shop: SmallShop
) -> None:
    shop.send()
    database.lose(shop)
    shutil.rmtree(shop.outbox() / "manifests")
    with pytest.raises(WrongMachine):
        shop.send()
    exports.adopt(
        shop.home, shop.shop, actor="me", now=NOW + HOUR, machine=MACHINE,
        not_before={"winback/1/email": NOW},
    )  # fmt: skip

    with pytest.raises(WrongMachine, match=r"cart_recovery/1/email=DATE"):
        shop.send(at=NOW + HOUR)

    assert states(shop) == []
