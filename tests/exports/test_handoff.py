"""The ledger's walk: once handed over is for ever, and what cannot be told apart waits."""

import csv
import hashlib
import io
import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa

from pipelines import exports, requests, state
from pipelines.actors import Actor
from pipelines.exports import arms, bulk, claims, exits, facts, job, looks
from pipelines.exports.errors import (
    ApprovalNeeded,
    OtherInput,
    ShopNotReady,
    SnapshotMissing,
    TooManyRows,
)
from tests.exports.shop_files import MACHINE, NOW, Person, SmallShop, people, small_shop


@pytest.fixture
def shop(tmp_path: Path) -> SmallShop:
    return small_shop(tmp_path)


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))


def emails(outcome: exports.Outcome) -> list[str]:
    return [
        row["email"]
        for batch in outcome.batches
        if batch.file is not None and batch.file.exists()
        for row in rows_of(batch.file)
    ]


def test_a_second_request_hands_nobody_over_again(shop: SmallShop) -> None:
    shop.publish(people(3))

    first, second = shop.send(), shop.send()

    assert len(emails(first)) == 3
    assert emails(second) == []
    assert second.counts == {"cart_recovery/1/email": {"already_handed_over": 3}}


def test_a_finished_request_gives_its_stored_batch(shop: SmallShop) -> None:
    shop.publish(people(3))
    request_id = shop.ask()

    first = shop.run(request_id)
    files = sorted(shop.outbox().iterdir())
    again = shop.run(request_id)

    assert again.batches == first.batches
    assert sorted(shop.outbox().iterdir()) == files


def test_one_schedule_tick_is_one_batch(shop: SmallShop) -> None:
    shop.publish(people(2))

    first, second = shop.ask(slot="2026-11-10t12"), shop.ask(slot="2026-11-10t12")

    assert first == second


def test_the_same_batch_with_other_input_is_refused_and_kept(shop: SmallShop) -> None:
    shop.publish(people(3))
    first = shop.run(shop.ask(slot="tick-1"))
    other = requests.create(
        shop.home, "tea", segment="cart_recovery", destination="mailer", requested_by=Actor.at_terminal("t"),
        requested_at=NOW, dry_run=False, max_rows=2, slot="tick-1b",
    )  # fmt: skip
    with state.writing(state.requests_engine(shop.home)) as connection:
        connection.execute(state.export_requests.update().values(slot="tick-1"))

    with pytest.raises(OtherInput, match="kept"):
        shop.run(other)

    assert exports.batches(shop.home)[0].sha256 == first.batches[0].sha256
    assert requests.read(shop.home, other).request_state == "failed"


def test_a_dry_run_writes_no_ledger_row_and_no_file(shop: SmallShop) -> None:
    shop.publish(people(12))

    outcome = shop.run(shop.ask(send=False))
    _, (plan,) = exports.show(shop.home, outcome.request_id)

    assert outcome.state == "planned"
    assert plan.counts["handed_over"] == 12
    assert len(plan.sample) == 10
    assert "u1@example.jp" not in str(plan.sample)
    assert not shop.home.outbox.exists()
    assert all(frame.is_empty() for frame in exports.ledger_tables(shop.home, shop.shop).values())


def test_a_held_out_person_is_guarded_and_never_rendered(shop: SmallShop) -> None:
    held = Person("s:h", "held@example.jp", arm="holdout", is_held_out=True)
    shop.publish([*people(2), held])

    outcome = shop.send()
    again = shop.send()

    assert emails(outcome) == ["u0@example.jp", "u1@example.jp"]
    assert again.counts["cart_recovery/1/email"] == {"already_handed_over": 3}
    written = b"".join(p.read_bytes() for p in shop.home.path.rglob("*") if p.is_file()
                       and "private" not in p.parts)  # fmt: skip
    assert b"held@example.jp" not in written


def test_no_address_lies_in_ledger_or_manifest(shop: SmallShop) -> None:
    shop.publish([Person("s:1", "canary@example.jp", name="金糸雀太郎")])

    outcome = shop.send()

    manifest = outcome.batches[0].manifest
    assert manifest is not None
    kept = manifest.read_bytes() + b"".join(
        path.read_bytes() for path in shop.home.path.glob("*.db*")
    )
    assert b"canary@example.jp" not in kept
    assert "金糸雀太郎".encode() not in kept


def test_an_empty_segment_writes_a_header_and_a_manifest(shop: SmallShop) -> None:
    shop.publish([])

    (batch,) = shop.send().batches

    assert batch.state == "DELIVERED"
    assert batch.file is not None
    assert batch.manifest is not None
    text = batch.file.read_bytes().decode()
    assert text.startswith('"email","name"')
    assert text.count("\r\n") == 1
    assert batch.rows == 0


def test_a_rerender_is_byte_identical_and_stays_out_of_the_outbox(
    shop: SmallShop, tmp_path: Path
) -> None:
    shop.publish(people(5))
    (batch,) = shop.send().batches
    assert batch.file is not None
    original = batch.file.read_bytes()
    batch.file.unlink()
    for _ in range(3):
        shop.publish([])
    shutil.rmtree(shop.home.private)

    copy = exports.rerender(shop.home, shop.shop, batch.batch_id, tmp_path / "copy")

    assert copy.read_bytes() == original
    assert not batch.file.exists()
    with pytest.raises(exports.ExportRefused, match="outbox"):
        exports.rerender(shop.home, shop.shop, batch.batch_id, shop.outbox())


def test_too_many_people_are_refused_before_anybody_is_claimed(shop: SmallShop) -> None:
    shop.publish(people(5))

    with pytest.raises(TooManyRows, match="5 people"):
        shop.run(shop.ask(max_rows=4))

    assert exports.batches(shop.home) == []


def test_many_people_need_a_second_person(tmp_path: Path) -> None:
    more = "  - {key: big, profile: generic_utf8, country: JP, contract: 委託, basis: x, approve_above: 2}"
    shop = small_shop(tmp_path, more=more)
    shop.publish(people(3))
    request_id = shop.ask(destination="big")

    with pytest.raises(ApprovalNeeded):
        shop.run(request_id)
    with pytest.raises(requests.BadRequest, match="second"):
        requests.release(shop.home, request_id, by=Actor.at_terminal("tester"), at=NOW)
    requests.release(shop.home, request_id, by=Actor.at_terminal("owner"), at=NOW)

    assert len(emails(shop.run(request_id))) == 3


def two_programs() -> list[Person]:
    """Two of each of two programs: mail and LINE."""
    return [replace(p, channel=("email", "line")[n // 2]) for n, p in enumerate(people(4))]


def test_a_request_of_two_programs_does_not_slip_under_the_limit_of_one(tmp_path: Path) -> None:
    more = "  - {key: big, profile: generic_utf8, country: JP, contract: 委託, basis: x, approve_above: 3}"
    shop = small_shop(tmp_path, more=more)
    shop.publish(two_programs())
    request_id = shop.ask(destination="big")

    # Neither of the two is above 3; together they are 4.
    with pytest.raises(ApprovalNeeded, match="4 people; above 3"):
        shop.run(request_id)
    assert exports.batches(shop.home) == []
    # Nothing lies claimed, so nothing leaves with the next export either.
    assert exports.recover(shop.home, shop.shop, clock=NOW, machine=MACHINE) == ()
    with pytest.raises(TooManyRows, match="4 people, 3 are allowed"):
        shop.run(shop.ask(max_rows=3))
    requests.release(shop.home, request_id, by=Actor.at_terminal("owner"), at=NOW)

    assert [batch.rows for batch in shop.run(request_id).batches] == [2, 2]


def test_a_request_of_two_programs_within_the_limit_needs_nobody_else(tmp_path: Path) -> None:
    more = "  - {key: big, profile: generic_utf8, country: JP, contract: 委託, basis: x, approve_above: 4}"
    shop = small_shop(tmp_path, more=more)
    shop.publish(two_programs())

    assert shop.send(destination="big").state == "done"


def test_quiet_hours_defer_the_request_until_they_end(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, more='quiet_hours: {from: "21:00", to: "08:00"}')
    shop.publish(people(2))
    night = NOW.replace(hour=13)  # 22:00 in Tokyo
    morning = NOW.replace(hour=23)  # 08:00 in Tokyo, the next day
    request_id = shop.ask()

    waiting = shop.run(request_id, at=night)

    assert waiting.state == "deferred"
    assert waiting.not_before == morning
    assert exports.open_requests(shop.home, now=night) == []
    assert [r.request_id for r in exports.open_requests(shop.home, now=morning)] == [request_id]
    assert exports.batches(shop.home) == []
    assert len(emails(shop.run(request_id, at=morning))) == 2


def test_sending_is_refused_without_sender_or_grounds(tmp_path: Path) -> None:
    shop = small_shop(tmp_path)
    shop.publish(people(1))

    with pytest.raises(ShopNotReady, match=r"nowhere\.country"):
        shop.ask(destination="nowhere")
    with pytest.raises(ShopNotReady, match="no destination 'mars'"):
        shop.ask(destination="mars")
    assert shop.run(shop.ask(destination="nowhere", send=False)).state == "planned"


@pytest.mark.parametrize("bad", ["../../x", "a/b", "a\0", "x" * 300, "", "ａ", "-a", "a.csv"])
def test_an_id_that_could_leave_the_folder_is_refused(shop: SmallShop, bad: str) -> None:
    before = sorted(shop.home.path.rglob("*"))

    for segment, destination in ((bad, "mailer"), ("cart_recovery", bad)):
        with pytest.raises(requests.BadRequest, match="is no id"):
            exports.request(
                shop.home,
                shop.shop,
                segment,
                destination,
                send=True,
                requested_by=Actor.at_terminal("t"),
                clock=NOW,
            )

    assert sorted(shop.home.path.rglob("*")) == before


def test_a_snapshot_with_one_changed_byte_is_refused(shop: SmallShop) -> None:
    shop.publish(people(1))
    (private,) = shop.home.private.glob("*.duckdb")
    data = bytearray(private.read_bytes())
    data[-1] ^= 1
    private.write_bytes(bytes(data))

    with pytest.raises(SnapshotMissing, match="not the file that was published"):
        shop.send()


def published_otherwise(shop: SmallShop, statement: str) -> None:
    (public,) = shop.home.published.glob("*.duckdb")
    with duckdb.connect(str(public)) as connection:
        connection.execute(statement)
    pointer = json.loads((shop.home.published / "CURRENT.json").read_text())
    pointer["sha256"] = hashlib.sha256(public.read_bytes()).hexdigest()
    (shop.home.published / "CURRENT.json").write_text(json.dumps(pointer))


@pytest.mark.parametrize("table", ["fct_orders", "dim_persons", "fct_arm_assignments"])
def test_a_gate_is_never_skipped_for_want_of_its_table(shop: SmallShop, table: str) -> None:
    shop.publish(people(1))
    published_otherwise(shop, f"drop table {table}")

    with pytest.raises(SnapshotMissing, match=table):
        shop.send()

    assert exports.batches(shop.home) == []


@pytest.mark.parametrize("name", ["'cart_recovery/2/email/' || occurrence_key", "null"])
def test_a_segment_that_tells_messages_apart_otherwise_than_the_ledger_is_refused(
    shop: SmallShop, name: str
) -> None:
    shop.publish(people(2))
    published_otherwise(
        shop, f"update seg_cart_recovery set dedupe_key = {name} where person_id = 's:1'"
    )

    with pytest.raises(SnapshotMissing, match="use the macro dedupe_key"):
        shop.send()

    assert exports.batches(shop.home) == []


def test_every_change_of_a_batch_is_in_its_history(shop: SmallShop) -> None:
    shop.publish(people(1))
    shop.send()

    with state.reading(state.ledger_engine(shop.home)) as connection:
        found = connection.execute(
            sa.select(state.transition.c.from_state, state.transition.c.to_state)
        ).all()

    assert [tuple(row) for row in found] == [
        (None, "CLAIMED"), ("CLAIMED", "SEALED"), ("SEALED", "HANDING_OFF"),
        ("HANDING_OFF", "DELIVERED"),
    ]  # fmt: skip


SHARED = [
    Person("s:0", "u0@example.jp"),
    # Another occurrence of the same person, another person at the same address.
    Person("s:0", "u0@example.jp", occurrence="second", qualified_at=NOW - timedelta(hours=5)),
    Person("s:1", "u0@example.jp", qualified_at=NOW - timedelta(hours=4)),
    Person("s:2", "u2@example.jp", other_ids=("s:3",)),
    Person("s:3", "u3@example.jp", qualified_at=NOW - timedelta(hours=6)),
    Person("s:4", "u4@example.jp", arm="holdout", is_held_out=True),
    Person("s:5", "u5@example.jp", consent=False),
    # Waits for a slow arm's delay, and is due with an older occurrence.
    Person("s:6", "u6@example.jp", due_at=NOW + timedelta(hours=1), arm="slow"),
    Person("s:6", "u6@example.jp", occurrence="due", qualified_at=NOW - timedelta(hours=7)),
    Person("s:7", None),
    # Drawn into another arm with another cart.
    Person("s:8", "u8@example.jp", arm="holdout", is_held_out=True),
    Person("s:8", "u8@example.jp", occurrence="later", qualified_at=NOW - timedelta(hours=8)),
    Person("s:9", "u9@example.jp"),
    # Stopped by an address they went by before; far from the first they are asked about with.
    Person("s:99", "u99@example.jp", also=("refused@example.jp",)),
]


def decided(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """All that a hand-over of these people writes down, and its lines."""
    shop = small_shop(folder)
    shop.publish(SHARED)
    stopped = {"email": "refused@example.jp", "reason": "manual", "by": "t"}
    exports.suppress(shop.home, shop.shop, **stopped, now=NOW)
    outcome = shop.send()
    tables = exports.ledger_tables(shop.home, shop.shop)
    ours = ("recipient_token", "batch_id", "export_batch_id", "loaded_at", "row_hash")
    found = {
        name: sorted(table.drop(c for c in table.columns if c in ours).rows(), key=str)
        for name, table in tables.items()
        if name in ("export_claims", "arm_records", "export_gated")
    }
    return {**found, "file": [(email,) for email in emails(outcome)]}


# Everybody alone; and several asked about at once, looked at and written in other numbers.
@pytest.mark.parametrize("sizes", [
    {"SHARE": 1, "LOOKED": 1, "WRITTEN": 1}, {"SHARE": 5, "LOOKED": 2, "WRITTEN": 3},
])  # fmt: skip
def test_where_a_share_ends_decides_nothing(
    sizes: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = decided(tmp_path / "at_once")
    monkeypatch.setattr(bulk, "_KEYS", 2)
    monkeypatch.setattr(bulk, "_VALUES", 1)
    # Of a large shop the snapshot's files are closed between two uses.
    monkeypatch.setattr(facts, "_MUCH", 0)
    for module in (looks, claims, job, arms, exits):
        for name in sizes.keys() & vars(module).keys():
            monkeypatch.setattr(module, name, sizes[name])

    in_shares = decided(tmp_path / "in_shares")

    assert in_shares == at_once
    assert len(at_once["file"]) > 3
    assert {"superseded", "no_consent", "no_address"} <= {
        value for row in at_once["export_gated"] for value in row
    }
