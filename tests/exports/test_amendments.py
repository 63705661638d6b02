"""Lists that follow a handed-over file, and the ledger as it comes back."""

import csv
import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines import exports, requests
from pipelines.canonical import TABLES
from tests.exports.shop_files import MACHINE, NOW, Person, SmallShop, people, small_shop
from tests.exports.test_failures import CLONE

# Two hand-overs each.
pytestmark = pytest.mark.slow


@pytest.fixture
def shop(tmp_path: Path) -> SmallShop:
    return small_shop(tmp_path)


def read(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))


def test_who_left_the_segment_is_listed_once(shop: SmallShop) -> None:
    shop.publish(people(3))
    first = shop.send().batches[0]
    shop.publish(people(2))

    second = shop.send().batches[0]
    shop.send()

    (listed,) = shop.outbox().glob("*.removed.csv")
    assert listed.name == f"{second.batch_id}.removed.csv"
    (row,) = read(listed)
    assert row["email"] == "u2@example.jp"
    assert row["batch_id"] == first.batch_id
    assert row["reason"] == "left_segment"
    handed = {r["email"]: r["recipient_token"] for r in read(first.file)}
    assert row["recipient_token"] == handed["u2@example.jp"]


def test_a_merged_person_has_not_left(shop: SmallShop) -> None:
    shop.publish(people(1))
    shop.send()
    shop.publish([Person("s:9", "u0@example.jp", other_ids=("s:0",), occurrence="episode-s:0")])

    shop.send()

    assert list(shop.outbox().glob("*.removed.csv")) == []


def test_who_bought_or_objected_since_is_recalled(shop: SmallShop) -> None:
    shop.publish(people(4))
    (batch,) = shop.send().batches
    later = NOW + timedelta(hours=2)
    exports.suppress(
        shop.home, shop.shop, email="u3@example.jp", reason="unsubscribe", by="t", now=NOW
    )
    shop.publish(people(4), sales={"s:1": later}, closed={"episode-s:2": "emptied"})

    shop.send(at=later)

    rows = read(shop.outbox() / f"{batch.batch_id}.suppress.csv")
    assert {row["email"]: row["reason"] for row in rows} == {
        "u1@example.jp": "ordered_since",
        "u2@example.jp": "cart_emptied",
        "u3@example.jp": "unsubscribed",
    }


def test_an_objection_is_recalled_without_another_hand_over(shop: SmallShop) -> None:
    shop.publish(people(3))
    outcome = shop.send()
    (batch,) = outcome.batches
    recall = shop.outbox() / f"{batch.batch_id}.suppress.csv"
    assert exports.recall(shop.home, shop.shop, clock=NOW, machine=MACHINE) == ()
    exports.suppress(
        shop.home, shop.shop, email="u1@example.jp", reason="unsubscribe", by="t", now=NOW
    )

    for _ in range(2):
        (told,) = exports.recall(shop.home, shop.shop, clock=NOW, machine=MACHINE)
        assert (told.batch_id, told.file) == (batch.batch_id, str(recall))

    (row,) = read(recall)
    assert (row["email"], row["reason"]) == ("u1@example.jp", "unsubscribed")
    stored = requests.read(shop.home, outcome.request_id).outcome or {}
    assert stored["recalls"] == [
        {"batch_id": batch.batch_id, "program": batch.program, "file": str(recall)}
    ]
    events = [one.event for one in requests.events_of(shop.home, outcome.request_id)]
    assert events.count("recalled") == 1
    over = NOW + timedelta(days=2)
    assert exports.recall(shop.home, shop.shop, clock=over, machine=MACHINE) == ()


def test_a_ledger_that_is_paused_recalls_nothing_and_says_why(shop: SmallShop) -> None:
    shop.publish(people(2))
    shop.send()

    with pytest.raises(exports.NotRecovered, match="okaeri exports adopt"):
        exports.recall(shop.home, shop.shop, clock=NOW, machine=CLONE)


def test_every_later_request_tells_the_screens_of_the_recalls_in_force(shop: SmallShop) -> None:
    shop.publish(people(2))
    (batch,) = shop.send().batches
    shop.publish(people(2), sales={"s:1": NOW})

    for _ in range(2):
        outcome = shop.send()

        (told,) = requests.read(shop.home, outcome.request_id).outcome["recalls"]  # type: ignore[index,misc]
        assert told == {
            "batch_id": batch.batch_id,
            "program": batch.program,
            "file": str(shop.outbox() / f"{batch.batch_id}.suppress.csv"),
        }
    stored = requests.read(shop.home, outcome.request_id).outcome or {}
    assert stored["import_hint"] == dict(outcome.import_hint)
    assert stored["encoding"] == outcome.encoding


def test_a_recall_is_written_again_only_when_it_changed(shop: SmallShop) -> None:
    shop.publish(people(2))
    (batch,) = shop.send().batches
    recall = shop.outbox() / f"{batch.batch_id}.suppress.csv"
    shop.publish(people(2), sales={"s:1": NOW})
    shop.send()
    recall.unlink()

    shop.send()
    assert not recall.exists()
    shop.publish(people(2), sales={"s:0": NOW, "s:1": NOW})
    shop.send()
    assert len(read(recall)) == 2


def test_nobody_is_recalled_from_a_batch_that_is_over(shop: SmallShop) -> None:
    shop.publish(people(1))
    shop.send()
    later = NOW + timedelta(days=2)
    shop.publish(people(1), sales={"s:0": later})

    shop.send(at=later)

    assert list(shop.outbox().glob("*.suppress.csv")) == []


def test_the_ledger_comes_back_as_canonical_tables(shop: SmallShop) -> None:
    held = Person("s:h", "h@example.jp", arm="holdout", is_held_out=True)
    shop.publish([*people(2), held, Person("s:n", None)])
    night = NOW.replace(hour=16)  # 01:00 of the next day in Tokyo
    outcome = shop.send(at=night)

    tables = exports.ledger_tables(shop.home, shop.shop)

    for name, frame in tables.items():
        assert frame.columns == list(TABLES[name].names), name
        for column in TABLES[name].columns:
            assert frame.schema[column.name] == column.dtype, (name, column.name)
            if column.required:
                assert frame[column.name].null_count() == 0, (name, column.name)
            if column.allowed:
                assert set(frame[column.name].drop_nulls()) <= set(column.allowed), column.name
    (batch,) = tables["export_batches"].to_dicts()
    assert batch["batch_state"] == "delivered"
    assert batch["handed_over_at"] == night.replace(tzinfo=None)
    assert str(batch["handed_over_on"]) == "2026-11-11"
    assert batch["sha256"] == outcome.batches[0].sha256
    assert tables["export_claims"]["claim_state"].to_list() == ["claimed", "claimed", "held_out"]
    assert tables["export_gated"]["reason_code"].to_list() == ["no_address"]


def test_only_what_was_stopped_by_hand_comes_back(shop: SmallShop) -> None:
    exports.suppress(shop.home, shop.shop, email="x@example.jp", reason="manual", by="me", now=NOW)

    rows = exports.ledger_tables(shop.home, shop.shop)["suppressions"]

    assert set(rows["channel"]) == {"email", "sms", "line", "push", "post"}
    assert set(rows["note"]) == {"operator:me"}
    again = exports.import_suppressions(
        shop.home, shop.shop, rows.with_columns(scope=rows["scope"])
    )
    assert again == 0
    assert exports.ledger_tables(shop.home, shop.shop)["suppressions"].equals(rows)


def test_an_address_without_a_person_stays_out_of_the_next_file(shop: SmallShop) -> None:
    shop.publish(people(2))
    exports.suppress(
        shop.home, shop.shop, email="U0@example.jp ", reason="manual", by="me", now=NOW
    )

    outcome = shop.send()

    assert outcome.counts["cart_recovery/1/email"] == {"handed_over": 1, "manual_block": 1}
    shop.publish([replace(p, occurrence="next") for p in people(1)])
    assert shop.send().counts["cart_recovery/1/email"] == {"manual_block": 1}
