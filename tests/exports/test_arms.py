"""Nobody changes their arm, whatever is built again: the record beats the draw."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines import exports
from pipelines.exports.looks import Known, recorded
from tests.exports.inside import Dead, dying_at
from tests.exports.shop_files import NOW, Person, SmallShop, opened_shop, people, small_shop
from tests.exports.test_gates import counts

ANNA = Person("s:1", "a@example.jp", occurrence="cart-1")
BEN = Person("s:2", "b@example.jp", occurrence="cart-2", arm="holdout", is_held_out=True)


@pytest.fixture
def shop(tmp_path: Path) -> SmallShop:
    return small_shop(tmp_path)


def arms(shop: SmallShop) -> dict[str, str]:
    """Occurrence → recorded arm."""
    rows = exports.ledger_tables(shop.home, shop.shop)["arm_records"].to_dicts()
    return {row["occurrence_key"]: row["arm_key"] for row in rows}


def later(person: Person, at: datetime, **changes) -> Person:
    """The person's next cart, due at an instant."""
    return replace(
        person, qualified_at=at - timedelta(hours=2), due_at=at - timedelta(hours=1),
        valid_until_at=at + timedelta(hours=1), **changes,
    )  # fmt: skip


def test_a_rebuild_changes_nothing_and_writes_to_nobody_again(shop: SmallShop) -> None:
    shop.publish([ANNA, BEN])
    assert counts(shop.send()) == {"handed_over": 1, "held_out": 1}
    before = arms(shop)

    shop.publish([ANNA, BEN])

    assert counts(shop.send()) == {"already_handed_over": 2}
    assert arms(shop) == before == {"cart-1": "send", "cart-2": "holdout"}


def test_changed_shares_move_nobody_who_is_on_record(tmp_path: Path) -> None:
    shop = small_shop(tmp_path)
    shop.publish([ANNA, BEN])
    shop.send()
    file = tmp_path / "shop.yml"
    text = file.read_text().replace("share_bp: 9000", "share_bp: 5000")
    file.write_text(text.replace("share_bp: 1000", "share_bp: 5000"))
    at = NOW + timedelta(days=8)
    drawn_anew = [
        later(ANNA, at, occurrence="cart-3", arm="holdout", is_held_out=True),
        later(BEN, at, occurrence="cart-4", arm="send", is_held_out=False),
        later(Person("s:3", "c@example.jp"), at, occurrence="cart-5", arm="holdout",
              is_held_out=True),
    ]  # fmt: skip

    changed = opened_shop(tmp_path)
    changed.published = shop.published
    changed.publish(drawn_anew)

    # Anna and Ben keep theirs; the third person is new and gets what the new shares drew.
    assert counts(changed.send(at=at)) == {"handed_over": 1, "held_out": 2}
    assert arms(changed) == {
        "cart-1": "send", "cart-2": "holdout", "cart-3": "send", "cart-4": "holdout",
        "cart-5": "holdout",
    }  # fmt: skip


@pytest.mark.parametrize(("first", "arm", "becomes"), [
    (ANNA, "send", "handed_over"), (BEN, "holdout", "held_out"),
])  # fmt: skip
def test_two_persons_of_different_arms_who_turn_out_to_be_one_keep_the_earlier_arm(
    shop: SmallShop, first: Person, arm: str, becomes: str
) -> None:
    second = BEN if first is ANNA else ANNA
    shop.publish([first])
    shop.send()
    shop.publish([first, second])
    shop.send(at=NOW + timedelta(hours=1))
    at = NOW + timedelta(days=8)
    one = later(
        replace(second, other_ids=(first.person_id,), also=(str(first.email),)), at,
        occurrence="cart-9",
    )  # fmt: skip

    shop.publish([one])

    assert counts(shop.send(at=at)) == {becomes: 1}
    assert arms(shop)["cart-9"] == arm


def test_a_cart_on_record_keeps_its_arm_and_a_new_one_of_two_persons_takes_the_earlier() -> None:
    at = NOW.replace(tzinfo=None)
    records = pl.DataFrame(
        [
            ("anna", "cart-1", at, "send"),
            ("ben", "cart-2", at + timedelta(hours=1), "holdout"),
        ],
        schema=["key", "occurrence_key", "recorded_at", "arm"],
        orient="row",
    )
    people = pl.DataFrame({"row": [0, 1, 2], "occurrence_key": ["cart-2", "cart-9", "cart-2"]})
    # The first two are one person, who went by both keys; of the third nothing is known.
    keys = pl.DataFrame({"row": [0, 0, 1, 1, 2], "key": ["anna", "ben", "ben", "anna", "cay"]})

    found = dict(recorded(Known(people, keys), records).iter_rows())

    assert found == {0: "holdout", 1: "send"}


@pytest.mark.parametrize("person", [ANNA, BEN])
def test_an_earlier_add_that_arrives_late_cuts_the_cart_anew_and_writes_to_nobody_twice(
    shop: SmallShop, person: Person
) -> None:
    """The episode begins an hour earlier now, so it has another key and perhaps another draw."""
    shop.publish([person])
    shop.send()
    other = "holdout" if person.arm == "send" else "send"
    recut = replace(
        person, occurrence="cart-0", arm=other, is_held_out=other == "holdout",
        qualified_at=person.qualified_at - timedelta(hours=1),
    )  # fmt: skip
    shop.publish([recut])

    assert counts(shop.send(at=NOW + timedelta(hours=1))) == {"cool_down": 1}
    assert set(arms(shop).values()) == {person.arm}
    claims = exports.ledger_tables(shop.home, shop.shop)["export_claims"]
    assert claims["occurrence_key"].to_list() == [person.occurrence]


def test_arms_are_on_record_before_the_first_person_is_claimed(shop: SmallShop) -> None:
    """A process that dies before it claims anybody has recorded everybody all the same."""
    shop.publish([ANNA, BEN])
    with pytest.raises(Dead):
        shop.run(shop.ask(), checkpoint=dying_at("claim:before_commit"))

    assert arms(shop) == {"cart-1": "send", "cart-2": "holdout"}
    assert exports.ledger_tables(shop.home, shop.shop)["export_claims"].is_empty()
    # The build then draws the other way round; what is on record stands.
    shop.publish([
        replace(ANNA, arm="holdout", is_held_out=True), replace(BEN, arm="send", is_held_out=False)
    ])  # fmt: skip
    assert counts(shop.send()) == {"handed_over": 1, "held_out": 1}
    (batch,) = exports.batches(shop.home)
    claims = exports.ledger_tables(shop.home, shop.shop)["export_claims"]
    assert dict(claims.select("occurrence_key", "claim_state").rows()) == {
        "cart-1": "claimed", "cart-2": "held_out",
    }  # fmt: skip
    assert batch.nrows == 1


def test_everybody_left_out_stands_in_the_ledger_with_their_reason(shop: SmallShop) -> None:
    shop.publish([
        *people(1), Person("s:a", None), Person("s:b", "b@example.jp", consent=False),
        Person("s:c", "c@example.jp", reason_code="goods_gone"),
        Person("s:d", "d@example.jp", valid_until_at=NOW),
    ])  # fmt: skip

    outcome = shop.send()

    gated = exports.ledger_tables(shop.home, shop.shop)["export_gated"]
    reasons = dict(gated.group_by("reason_code").len().rows())
    assert reasons == {"no_address": 1, "no_consent": 1, "goods_gone": 1, "stale": 1}
    assert counts(outcome) == {**reasons, "handed_over": 1}
