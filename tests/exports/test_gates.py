"""One reason for everybody who is left out, in the one order that counts."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines import exports, keys
from pipelines.exports.gates import GATES, ORDER
from pipelines.exports.refusals import REASONS as REFUSALS
from tests.exports.shop_files import NOW, PEPPER, Person, SmallShop, people, small_shop

PROGRAM = "cart_recovery/1/email"
# Definitions, section 10, word for word; `unencodable` says why a destination's file refuses a row.
THE_ORDER = (
    "erased → no_address → no_consent → profiling_opt_out → unsubscribed → complaint → hard_bounce "
    "→ manual_block → open_inquiry → ordered_since → cart_emptied → goods_gone → no_content → "
    "shop_mailed → superseded → already_handed_over → cool_down → frequency_cap → quiet_hours → "
    "stale → unencodable → held_out"
)


@pytest.fixture
def shop(tmp_path: Path) -> SmallShop:
    return small_shop(tmp_path)


def hash_of(email: str) -> str:
    found = keys.email_hash(email, pepper=PEPPER.encode())
    assert found is not None
    return found


def suppressions(*rows: dict[str, object]) -> pl.DataFrame:
    defaults = {"customer_id": None, "scope": "global", "channel": "email",
                "started_at": NOW.replace(tzinfo=None), "ended_at": None}  # fmt: skip
    return pl.DataFrame([{**defaults, **row} for row in rows], infer_schema_length=None)


def counts(outcome: exports.Outcome) -> dict[str, int]:
    return dict(outcome.counts[PROGRAM])


def test_the_gates_stand_in_the_order_of_the_definitions() -> None:
    one = [reason for reason in ORDER if reason not in REFUSALS or reason == "unencodable"]
    assert " → ".join(one) == THE_ORDER
    assert ORDER[-len(REFUSALS) - 1 :] == (*REFUSALS, "held_out")
    assert [*GATES, "held_out"] == list(ORDER)


def test_what_the_snapshot_knows_is_one_reason_each(shop: SmallShop) -> None:
    late = NOW - timedelta(minutes=1)
    shop.publish(
        [
            Person("s:ok", "ok@example.jp"),
            Person("s:a", None),
            Person("s:b", '"x"@example.jp'),
            Person("s:c", "c@example.jp", consent=False),
            Person("s:d", "d@example.jp", block_reason="profiling_opt_out"),
            Person("s:e", "e@example.jp", block_reason="unsubscribe"),
            Person("s:f", "f@example.jp", block_reason="hard_bounce"),
            Person("s:g", "g@example.jp"),
            Person("s:h", "h@example.jp"),
            Person("s:i", "i@example.jp"),
            Person("s:j", "j@example.jp", reason_code="goods_gone"),
            Person("s:k", "k@example.jp", reason_code="shop_mailed"),
            Person("s:l", "l@example.jp", valid_until_at=late),
            Person("s:m", "m@example.jp", arm="holdout", is_held_out=True),
            Person("s:n", "n@example.jp", due_at=NOW + timedelta(minutes=1)),
        ],
        inquiries=["s:g"],
        sales={"s:h": NOW - timedelta(hours=1)},
        closed={"episode-s:i": "emptied"},
    )

    outcome = shop.send()

    assert counts(outcome) == {
        "no_address": 2, "no_consent": 1, "profiling_opt_out": 1, "unsubscribed": 1,
        "hard_bounce": 1, "open_inquiry": 1, "ordered_since": 1, "cart_emptied": 1,
        "goods_gone": 1, "shop_mailed": 1, "stale": 1, "held_out": 1, "handed_over": 1,
    }  # fmt: skip


def test_the_first_reason_in_order_is_the_recorded_one(shop: SmallShop) -> None:
    shop.publish(
        [Person("s:1", "a@example.jp", consent=False, reason_code="goods_gone",
                valid_until_at=NOW - timedelta(hours=1))],
        sales={"s:1": NOW},
    )  # fmt: skip

    outcome = shop.send()

    assert counts(outcome) == {"no_consent": 1}


def test_everybody_left_out_is_on_record_with_the_newest_reason(shop: SmallShop) -> None:
    shop.publish([Person("s:1", "a@example.jp", reason_code="goods_gone")])
    shop.send()
    shop.publish([Person("s:1", "a@example.jp", reason_code="no_content")])
    shop.send(at=NOW + timedelta(hours=1))

    (row,) = exports.ledger_tables(shop.home, shop.shop)["export_gated"].to_dicts()

    assert row["reason_code"] == "no_content"
    assert row["last_at"] - row["first_at"] == timedelta(hours=1)
    assert (row["program"], row["occurrence_key"]) == (PROGRAM, "episode-s:1")


@pytest.mark.parametrize(
    "alias", [" u1@example.jp", "U1@Example.JP", "ｕ１@example.jp", "u1@example.jp "]
)
def test_spellings_of_one_address_are_one_recipient(shop: SmallShop, alias: str) -> None:
    first = Person("s:1", "u1@example.jp", occurrence="issue-7")
    second = Person("s:2", alias, occurrence="issue-7")
    shop.publish([first])
    shop.send()
    shop.publish([first, second])

    outcome = shop.send()

    assert counts(outcome) == {"already_handed_over": 2}


@pytest.mark.parametrize("alias", [" u1@example.jp", "U1@EXAMPLE.JP"])
def test_two_members_of_one_file_with_one_address_get_one_message(
    shop: SmallShop, alias: str
) -> None:
    shop.publish([
        Person("s:1", "u1@example.jp", occurrence="issue-7"),
        Person("s:2", alias, occurrence="issue-7"),
    ])  # fmt: skip

    assert counts(shop.send()) == {"handed_over": 1, "already_handed_over": 1}


def test_the_person_guard_holds_when_the_address_changes(shop: SmallShop) -> None:
    shop.publish([Person("s:1", "old@example.jp")])
    shop.send()
    shop.publish([Person("s:1", "new@example.jp")])

    assert counts(shop.send()) == {"already_handed_over": 1}


def test_a_merged_person_is_found_under_every_earlier_id(shop: SmallShop) -> None:
    shop.publish([Person("s:7", "seven@example.jp", occurrence="2026")])
    shop.send()
    shop.publish([
        Person("s:1", "one@example.jp", occurrence="2026", other_ids=("s:7",)),
    ])  # fmt: skip

    assert counts(shop.send()) == {"already_handed_over": 1}


def test_of_two_carts_the_later_one_is_mailed(shop: SmallShop) -> None:
    older = Person("s:1", "a@example.jp", occurrence="cart-1",
                   qualified_at=NOW - timedelta(hours=9))  # fmt: skip
    shop.publish(
        [older, replace(older, occurrence="cart-2", qualified_at=NOW - timedelta(hours=2))]
    )

    outcome = shop.send()

    assert counts(outcome) == {"handed_over": 1, "superseded": 1}
    claims = exports.ledger_tables(shop.home, shop.shop)["export_claims"]
    assert claims["occurrence_key"].to_list() == ["cart-2"]


def test_a_step_cools_down_for_the_person(shop: SmallShop) -> None:
    shop.publish([Person("s:1", "a@example.jp", occurrence="cart-1")])
    shop.send()
    soon, later = NOW + timedelta(hours=167), NOW + timedelta(hours=169)

    def again(at):
        return Person("s:1", "a@example.jp", occurrence="cart-2", qualified_at=at - timedelta(hours=2),
                      due_at=at - timedelta(hours=1), valid_until_at=at + timedelta(hours=1))  # fmt: skip

    shop.publish([again(soon)])
    assert counts(shop.send(at=soon)) == {"cool_down": 1}
    shop.publish([again(later)])
    assert counts(shop.send(at=later)) == {"handed_over": 1}


def test_caps_count_over_all_campaigns(tmp_path: Path) -> None:
    cart = small_shop(tmp_path)
    winback = small_shop(tmp_path, campaign="winback")
    person = Person("s:1", "a@example.jp", valid_until_at=None)
    for n in range(2):
        winback.publish([replace(person, occurrence=f"2026-0{n}")])
        at = NOW - timedelta(days=5 - 4 * n)
        winback.publish([replace(person, occurrence=f"2026-0{n}", qualified_at=at, due_at=at)])
        assert len(winback.send(at=at).batches) == 1

    cart.publish([person])
    capped = cart.send(at=NOW)
    free = cart.send(at=NOW + timedelta(days=3))

    assert counts(capped) == {"frequency_cap": 1}
    assert counts(free) == {"handed_over": 1}


@pytest.mark.parametrize(("reason", "gate"), [
    ("unsubscribe", "unsubscribed"), ("complaint", "complaint"), ("hard_bounce", "hard_bounce"),
    ("soft_bounce_repeated", "hard_bounce"), ("manual", "manual_block"), ("erased", "erased"),
])  # fmt: skip
def test_a_landed_suppression_stops_its_address(shop: SmallShop, reason: str, gate: str) -> None:
    shop.publish(people(1))
    rows = suppressions({"email_hash": hash_of("u0@example.jp"), "reason": reason})

    imported = exports.import_suppressions(shop.home, shop.shop, rows)
    again = exports.import_suppressions(shop.home, shop.shop, rows)

    assert (imported, again) == (1, 0)
    assert counts(shop.send()) == {gate: 1}


@pytest.mark.parametrize(("row", "stops"), [
    ({"scope": "cart_recovery"}, True),
    ({"scope": "winback"}, False),
    ({"scope": "listmonk"}, False),
    ({"scope": "something nobody knows"}, True),
    ({"channel": "sms"}, False),
    ({"ended_at": NOW.replace(tzinfo=None) - timedelta(days=1)}, False),
    ({"started_at": NOW.replace(tzinfo=None) + timedelta(days=1)}, False),
])  # fmt: skip
def test_a_suppression_counts_within_its_scope_channel_and_time(
    shop: SmallShop, row: dict[str, object], stops: bool
) -> None:
    shop.publish(people(1))
    given = suppressions({"email_hash": hash_of("u0@example.jp"), "reason": "manual", **row})
    exports.import_suppressions(shop.home, shop.shop, given)

    assert counts(shop.send()) == {"manual_block" if stops else "handed_over": 1}


def test_a_suppression_of_an_earlier_account_stops_the_merged_person(shop: SmallShop) -> None:
    shop.publish([Person("s:1", "a@example.jp", other_ids=("s:7",))])
    rows = suppressions({"email_hash": None, "customer_id": "s:7", "reason": "complaint"})
    exports.import_suppressions(shop.home, shop.shop, rows)

    assert counts(shop.send()) == {"complaint": 1}


def test_a_mail_result_stops_by_token_and_acknowledges_the_batch(shop: SmallShop) -> None:
    shop.publish(people(2))
    shop.send()
    claims = exports.ledger_tables(shop.home, shop.shop)["export_claims"].sort("claim_no")
    events = pl.DataFrame({
        "event_type": ["unsubscribe", "resubscribe", "open"],
        "recipient_token": [claims["recipient_token"][0], claims["recipient_token"][0], "forged"],
        "email_hash": [None, None, None],
        "occurred_at": [NOW.replace(tzinfo=None)] * 3,
    })  # fmt: skip

    added = exports.import_mail_events(shop.home, events, now=NOW)

    assert added == 2
    assert exports.batches(shop.home)[0].state == "ACKED"
    shop.publish([replace(p, occurrence="next") for p in people(2)])
    later = shop.send(at=NOW + timedelta(days=8))
    assert counts(later) == {"stale": 1, "unsubscribed": 1}


def test_the_recorded_arm_beats_a_later_draw(shop: SmallShop) -> None:
    first = Person("s:1", "a@example.jp", arm="send", occurrence="cart-1")
    shop.publish([first])
    shop.send()
    later = NOW + timedelta(days=8)
    shop.publish([replace(first, occurrence="cart-2", arm="holdout", is_held_out=True,
                          qualified_at=later, due_at=later, valid_until_at=None)])  # fmt: skip

    outcome = shop.send(at=later)

    assert counts(outcome) == {"handed_over": 1}
    arms = exports.ledger_tables(shop.home, shop.shop)["arm_records"]
    assert arms["arm_key"].to_list() == ["send", "send"]


def test_an_arm_is_recorded_for_everybody_who_could_be_reached(shop: SmallShop) -> None:
    shop.publish([
        Person("s:1", "a@example.jp"),
        Person("s:2", "b@example.jp", arm="holdout", is_held_out=True),
        Person("s:3", "c@example.jp", reason_code="goods_gone"),
        Person("s:4", "d@example.jp", consent=False),
        Person("s:5", None),
    ])  # fmt: skip

    shop.send()

    arms = exports.ledger_tables(shop.home, shop.shop)["arm_records"].sort("occurrence_key")
    assert arms["occurrence_key"].to_list() == ["episode-s:1", "episode-s:2", "episode-s:3"]
    assert arms["arm_key"].to_list() == ["send", "holdout", "send"]


def test_an_arm_is_recorded_for_who_bought_before_the_mail_was_due(shop: SmallShop) -> None:
    soon = NOW - timedelta(hours=1)
    shop.publish([
        Person("s:1", "a@example.jp", arm="holdout", in_segment=False, drawn_at=soon),
        Person("s:2", "b@example.jp", in_segment=False, drawn_at=NOW - timedelta(days=400)),
    ])  # fmt: skip

    shop.send()

    (row,) = exports.ledger_tables(shop.home, shop.shop)["arm_records"].to_dicts()
    assert (row["occurrence_key"], row["arm_key"]) == ("episode-s:1", "holdout")
    assert row["eligible_at"] == soon.replace(tzinfo=None)


def test_every_arm_is_watched_from_the_moment_it_is_put_on_record(shop: SmallShop) -> None:
    """Qualified three months ago, and the slow arm's mail is due a day later than the other's."""
    long_ago = NOW - timedelta(days=91)
    shop.publish([
        Person("s:1", "a@example.jp", qualified_at=long_ago),
        Person(
            "s:2", "b@example.jp", arm="holdout", qualified_at=long_ago,
            due_at=NOW + timedelta(days=1), valid_until_at=NOW + timedelta(days=2),
        ),
    ])  # fmt: skip

    shop.send()

    arms = exports.ledger_tables(shop.home, shop.shop)["arm_records"].sort("occurrence_key")
    assert arms["arm_key"].to_list() == ["send", "holdout"]
    assert arms["eligible_at"].to_list() == [NOW.replace(tzinfo=None)] * 2


def test_a_cart_mail_without_a_picture_is_no_mail(shop: SmallShop) -> None:
    bare = Person("s:1", "a@example.jp", content_source="none")
    shop.publish([bare])
    assert counts(shop.send()) == {"no_content": 1}

    shop.publish([bare], meta={"needs_content": False})
    assert counts(shop.send()) == {"handed_over": 1}


def test_only_the_columns_the_segment_names_leave(shop: SmallShop) -> None:
    shop.publish(people(1), meta={"columns": ["item_1_name", "no_such_column"]})

    (batch,) = shop.send().batches

    assert batch.file is not None
    header = batch.file.read_text().splitlines()[0]
    assert '"content_source","item_1_name","campaign_key"' in header
    assert "item_1_price" not in header


def test_whoever_the_build_says_cannot_be_contacted_is_never_written_to(shop: SmallShop) -> None:
    shop.publish([Person("s:1", "a@example.jp", block_reason="a reason of next year")])

    assert counts(shop.send()) == {"no_consent": 1}


def test_consent_for_another_address_is_no_consent(shop: SmallShop) -> None:
    shop.publish([Person("s:1", "a@example.jp")])
    import duckdb

    with duckdb.connect(str(next(shop.home.private.glob("*.duckdb")))) as connection:
        connection.execute("update int_persons__contactable set email_hash = 'of another'")
    pointer = shop.home.published / "CURRENT.json"
    pointer.write_text(pointer.read_text().replace('"private_sha256"', '"was_sha256"'))

    assert counts(shop.send()) == {"no_consent": 1}


def test_a_segment_may_say_that_an_order_does_not_matter(shop: SmallShop) -> None:
    sales = {"s:0": NOW}
    shop.publish(people(1), sales=sales, meta={"stops_on_order": False})

    assert counts(shop.send()) == {"handed_over": 1}


@pytest.mark.parametrize(("mails", "outcome"), [
    ({"e-1": 3, "e-2": 6}, "frequency_cap"),
    ({"e-1": 3, "e-2": 7}, "handed_over"),
    ({"e-1": 3}, "handed_over"),
])  # fmt: skip
def test_the_shop_systems_own_cart_mails_count_under_the_cap(
    tmp_path: Path, mails: dict[str, int], outcome: str
) -> None:
    """Two messages in seven days are allowed; the days are Tokyo's, counted back from the tenth."""
    shop = small_shop(tmp_path, campaign="winback")
    days = {episode: NOW.date() - timedelta(days=ago) for episode, ago in mails.items()}
    shop.publish([Person("s:1", "a@example.jp", shop_mails=days, valid_until_at=None)])

    (found,) = shop.send().counts.values()

    assert dict(found) == {outcome: 1}
