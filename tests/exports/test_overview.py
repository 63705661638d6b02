"""Every segment in one table, planned and not asked for."""

from datetime import timedelta
from pathlib import Path

import pytest

from pipelines import exports, requests, state
from pipelines.actors import Actor
from pipelines.exports.errors import ShopNotReady
from pipelines.state import batch
from tests.exports.shop_files import NOW, Person, SmallShop, small_shop

PEOPLE = [
    Person("s:1", "a@example.jp"),
    Person("s:2", "b@example.jp", arm="holdout", is_held_out=True),
    Person("s:3", "c@example.jp", reason_code="goods_gone"),
    Person("s:4", "d@example.jp", consent=False),
    Person("s:5", None),
    Person("s:6", "f@example.jp", due_at=NOW + timedelta(hours=1)),
]


@pytest.fixture
def shop(tmp_path: Path) -> SmallShop:
    shop = small_shop(tmp_path)
    shop.publish(PEOPLE)
    return shop


def test_members_are_their_outcomes_and_contactable_whom_reach_lets_through(
    shop: SmallShop,
) -> None:
    (row, _) = exports.overview(shop.home, shop.shop, clock=NOW)

    # Five are due: a, b and c could be written to; d has not consented, the fifth has no address.
    assert (row.segment, row.program) == ("cart_recovery", "cart_recovery/1/email")
    assert (row.members, row.contactable, row.not_due) == (5, 3, 1)
    assert row.counts == {
        "handed_over": 1, "held_out": 1, "goods_gone": 1, "no_consent": 1, "no_address": 1,
    }  # fmt: skip


def test_looking_asks_for_nothing_and_claims_nobody(shop: SmallShop) -> None:
    before = exports.overview(shop.home, shop.shop, clock=NOW)

    assert requests.all_of(shop.home, shop.shop.id) == []
    with state.reading(state.ledger_engine(shop.home)) as connection:
        assert connection.execute(batch.select()).all() == []
    assert exports.overview(shop.home, shop.shop, clock=NOW) == before


def test_it_says_what_an_export_then_does(shop: SmallShop) -> None:
    (row, _) = exports.overview(shop.home, shop.shop, clock=NOW)

    outcome = shop.send()

    sent = {why: n for why, n in outcome.counts[row.program].items() if n}
    assert {why: n for why, n in sent.items() if why != "not_due"} == row.counts


def test_a_shop_without_a_destination_is_told_to_name_one(shop: SmallShop) -> None:
    bare = shop.shop.model_copy(update={"destinations": ()})

    with pytest.raises(ShopNotReady, match="no destination"):
        exports.overview(shop.home, bare, clock=NOW)


def test_a_campaign_whose_segment_nobody_wrote_is_named(shop: SmallShop) -> None:
    """The shop file has a win-back campaign; the snapshot holds no such segment."""
    (_, lost) = exports.overview(shop.home, shop.shop, clock=NOW)

    assert (lost.segment, lost.program, lost.is_published) == ("winback", "winback", False)
    with pytest.raises(exports.ExportRefused, match=r"'winback', which is not published.*cart_rec"):
        exports.request(
            shop.home,
            shop.shop,
            "winback",
            "mailer",
            send=False,
            requested_by=Actor.at_terminal("x"),
            clock=NOW,
        )
