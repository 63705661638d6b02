"""Consent does not spread, refusal does; and nothing that is brought again revives anybody."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines import exports
from tests.exports.shop_files import NOW, Person, SmallShop, people, small_shop
from tests.exports.test_gates import counts, hash_of, suppressions

DAY = timedelta(days=1)


@pytest.fixture
def shop(tmp_path: Path) -> SmallShop:
    return small_shop(tmp_path)


def naive(at: datetime) -> datetime:
    return at.replace(tzinfo=None)


def result(kind: str, email: str, *, at: datetime = NOW - DAY) -> pl.DataFrame:
    """One landed mail event."""
    return pl.DataFrame(
        {
            "event_type": [kind], "recipient_token": [None], "email_hash": [hash_of(email)],
            "occurred_at": [naive(at)],
        },
        schema_overrides={"recipient_token": pl.String},
    )  # fmt: skip


def versions(*rows: dict[str, object]) -> pl.DataFrame:
    """Landed versions of one suppression, `loaded_at` in hours before now."""
    same = {"suppression_id": "s-1", "email_hash": hash_of("u0@example.jp"), "reason": "manual"}
    given = [same | {"batch_id": "b", "row_no": 1, "row_hash": "h", **row} for row in rows]
    return suppressions(*given)


def test_a_refusal_at_one_of_two_merged_addresses_binds_both(shop: SmallShop) -> None:
    shop.publish([Person("s:1", "new@example.jp", other_ids=("s:7",), also=("old@example.jp",))])

    exports.import_mail_events(shop.home, result("unsubscribe", "old@example.jp"), now=NOW)

    assert counts(shop.send()) == {"unsubscribed": 1}


def test_consent_to_the_one_address_does_not_reach_the_other(shop: SmallShop) -> None:
    """The build found consent at `old`; the person is now written to at `new`."""
    shop.publish([
        Person("s:1", "new@example.jp", other_ids=("s:7",), consented_as="old@example.jp"),
    ])  # fmt: skip

    assert counts(shop.send()) == {"no_consent": 1}


@pytest.mark.parametrize(("granted", "outcome"), [
    # The flag 可 of the shop's newest file says yes: it was imported, nobody said so.
    (None, "unsubscribed"),
    (NOW - 2 * DAY, "unsubscribed"),
    (NOW - DAY, "unsubscribed"),
    # The person's own yes on a form, after the unsubscribe.
    (NOW - timedelta(hours=23), "handed_over"),
])  # fmt: skip
def test_only_the_persons_own_later_yes_ends_an_unsubscribe(
    shop: SmallShop, granted: datetime | None, outcome: str
) -> None:
    shop.publish([Person("s:1", "u0@example.jp", granted_at=granted)])

    exports.import_mail_events(shop.home, result("unsubscribe", "u0@example.jp"), now=NOW)

    assert counts(shop.send()) == {outcome: 1}


@pytest.mark.parametrize(("kind", "gate"), [
    ("complaint", "complaint"), ("hard_bounce", "hard_bounce"),
])  # fmt: skip
def test_a_later_yes_ends_neither_complaint_nor_bounce(
    shop: SmallShop, kind: str, gate: str
) -> None:
    shop.publish([Person("s:1", "u0@example.jp", granted_at=NOW)])

    exports.import_mail_events(shop.home, result(kind, "u0@example.jp"), now=NOW)

    assert counts(shop.send()) == {gate: 1}


def test_a_yes_to_another_address_brings_nobody_back(shop: SmallShop) -> None:
    shop.publish([
        Person("s:1", "u0@example.jp", granted_at=NOW, consented_as="other@example.jp"),
    ])  # fmt: skip

    exports.import_mail_events(shop.home, result("unsubscribe", "u0@example.jp"), now=NOW)

    assert counts(shop.send()) == {"no_consent": 1}


@pytest.mark.parametrize("reason", ["unsubscribe", "complaint", "withdrawn_member"])
def test_these_never_end_whatever_a_file_says(shop: SmallShop, reason: str) -> None:
    shop.publish(people(1))
    row = {"email_hash": hash_of("u0@example.jp"), "reason": reason}

    ended = suppressions({**row, "ended_at": naive(NOW - DAY)})
    exports.import_suppressions(shop.home, shop.shop, ended)

    gate = "complaint" if reason == "complaint" else "unsubscribed"
    assert counts(shop.send()) == {gate: 1}


def test_the_newest_version_of_a_manual_stop_counts_whichever_comes_last(shop: SmallShop) -> None:
    open_again = {"source_updated_at": naive(NOW), "loaded_at": naive(NOW - 2 * DAY)}
    ended = {
        "source_updated_at": naive(NOW - 3 * DAY), "ended_at": naive(NOW - 3 * DAY),
        # The old raw file is brought once more, after the newer one.
        "loaded_at": naive(NOW),
    }  # fmt: skip
    shop.publish(people(1))

    for rows in ((open_again, ended), (ended, open_again)):
        exports.import_suppressions(shop.home, shop.shop, versions(*rows))
        assert counts(shop.run(shop.ask(send=False))) == {"manual_block": 1, "not_due": 0}


def test_a_manual_stop_that_its_own_source_ended_is_over(shop: SmallShop) -> None:
    shop.publish(people(1))
    begun = {"source_updated_at": naive(NOW - 2 * DAY), "loaded_at": naive(NOW - 2 * DAY)}
    ended = {"source_updated_at": naive(NOW - DAY), "loaded_at": naive(NOW - DAY),
             "ended_at": naive(NOW - DAY)}  # fmt: skip
    exports.import_suppressions(shop.home, shop.shop, versions(begun))

    changed = exports.import_suppressions(shop.home, shop.shop, versions(begun, ended))
    again = exports.import_suppressions(shop.home, shop.shop, versions(begun, ended))

    assert (changed, again) == (1, 0)
    assert counts(shop.send()) == {"handed_over": 1}


def test_no_file_weakens_what_an_operator_stopped(shop: SmallShop) -> None:
    shop.publish(people(1))
    exports.suppress(
        shop.home, shop.shop, email="u0@example.jp", reason="manual", by="me", now=NOW - DAY
    )
    later = {"started_at": naive(NOW + DAY), "ended_at": naive(NOW + 2 * DAY)}

    exports.import_suppressions(shop.home, shop.shop, versions(later))

    assert counts(shop.send()) == {"manual_block": 1}
    stopped = exports.ledger_tables(shop.home, shop.shop)["suppressions"]
    assert set(stopped["note"]) == {"operator:me"}


def test_results_brought_again_change_nothing(shop: SmallShop) -> None:
    events = pl.concat([
        result("hard_bounce", "u0@example.jp"),
        result("hard_bounce", "u0@example.jp", at=NOW - 3 * DAY),
    ])  # fmt: skip
    ended = suppressions({
        "email_hash": hash_of("u0@example.jp"), "reason": "hard_bounce",
        "started_at": naive(NOW - 2 * DAY), "ended_at": naive(NOW - DAY),
    })  # fmt: skip
    first = exports.import_mail_events(shop.home, events, now=NOW)

    # Runs take both over, in this order, every time.
    again = [
        exports.import_suppressions(shop.home, shop.shop, ended)
        + exports.import_mail_events(shop.home, events, now=NOW)
        for _ in range(2)
    ]

    assert (first, again) == (1, [0, 0])
    shop.publish([replace(people(1)[0])])
    assert counts(shop.send()) == {"hard_bounce": 1}
