"""Cart episodes at their edges, each reckoned by hand in the comment beside it."""

from datetime import date
from decimal import Decimal

import pytest

from tests.golden.rows import episode_of, utc


def episodes(golden, shop_id: str, person_id: str, columns: str) -> list[tuple]:
    return golden.execute(
        f"select {columns} from marts.fct_cart_episodes where shop_id = ? and person_id = ?"
        " order by opened_at",
        [shop_id, person_id],
    ).fetchall()


def test_two_carts_open_at_once_are_one(golden):
    found = episodes(golden, "tokyo", "two", "episode_id, item_count, value_amount")

    # 1 × 1,000 + 2 × 500
    assert found == [(episode_of("tokyo", "two-a"), 2, Decimal(2000))]


def test_a_merge_does_not_change_the_episode(golden):
    found = episodes(golden, "tokyo", "late", "episode_id, is_identified, is_member")

    assert found == [(episode_of("tokyo", "guest-add"), True, True)]


def test_an_emptied_cart_was_never_abandoned(golden):
    found = episodes(
        golden, "tokyo", "emptied",
        "close_reason, close_basis, closed_at, is_abandoned, activity_count",
    )  # fmt: skip

    # Two adds, two removes; the third remove takes nothing out and is no activity.
    assert found == [("emptied", "removed", utc(2026, 10, 3, 1, 15), False, 4)]


def test_a_cart_expires_exactly_after_its_days(golden):
    found = episodes(golden, "tokyo", "expired", "close_reason, closed_at, is_abandoned")

    assert found == [
        ("expired", utc(2026, 10, 1, 1), True),
        ("expired", utc(2026, 10, 31, 1), True),
    ]


def test_the_date_of_an_abandonment_is_the_shops(golden):
    found = episodes(golden, "tokyo", "midnight", "opened_on, opened_hour, abandoned_on")

    assert found == [(date(2026, 10, 10), 23, date(2026, 10, 11))]


def test_an_order_known_by_its_date_closes_what_opened_on_that_date(golden):
    found = episodes(golden, "tokyo", "daily", "close_reason, close_basis, is_abandoned, closed_on")

    assert found == [("ordered", "same_goods", False, date(2026, 10, 12))]


def test_only_a_view_that_shows_something_new_is_activity(golden):
    found = episodes(golden, "tokyo", "viewer", "last_activity_at, activity_count, value_amount")

    assert found == [(utc(2026, 10, 20, 1, 40), 2, Decimal(10_000))]


def test_the_night_clocks_go_forward_an_hour_is_an_hour(golden):
    found = episodes(
        golden, "new_york", "sleepless", "opened_on, opened_hour, abandoned_at, abandoned_on"
    )

    # 06:30 UTC is 01:30 EST; an elapsed hour later it is 03:30 EDT of the same date.
    assert found == [(date(2026, 3, 8), 1, utc(2026, 3, 8, 7, 30), date(2026, 3, 8))]


def test_a_cart_seen_in_snapshots_acts_when_its_change_was_first_seen(golden):
    found = episodes(
        golden, "snapshots", "gone",
        "opened_at, last_activity_precision, abandoned_at, close_reason, close_basis, closed_at,"
        " value_amount",
    )  # fmt: skip

    # Last change seen at 01:30, abandoned at 02:30 with 1 × 1,000 + 2 × 1,000, gone at 04:00.
    assert found == [
        (
            utc(2026, 10, 5, 1), "snapshot", utc(2026, 10, 5, 2, 30), "emptied",
            "disappeared", utc(2026, 10, 5, 4), Decimal(3000),
        )
    ]  # fmt: skip


def test_a_cart_gone_just_before_its_order_is_written_is_ordered(golden):
    found = episodes(golden, "snapshots", "bought", "close_reason, close_basis, is_abandoned")

    assert found == [("ordered", "same_cart", False)]


def test_a_cart_that_stays_is_open_and_abandoned(golden):
    found = episodes(golden, "snapshots", "kept", "close_reason, abandoned_at, value_amount")

    assert found == [(None, utc(2026, 10, 5, 2), Decimal(3000))]


def test_a_listed_checkout_has_its_own_clock(golden):
    found = episodes(
        golden, "snapshots", "listed",
        "opened_at, last_activity_at, stage, value_amount, abandonment_count",
    )  # fmt: skip

    # Begun at 01:00, touched at 02:00: left alone for an hour before and after, 2 × 700.
    assert found == [(utc(2026, 10, 5, 1), utc(2026, 10, 5, 2), "checkout", Decimal(1400), 2)]


def test_an_order_that_is_no_sale_empties_the_cart(golden):
    found = episodes(
        golden, "tokyo", "changer", "close_reason, close_basis, closed_at, is_abandoned, order_id"
    )

    assert found == [("emptied", "void_order", utc(2026, 10, 15, 1, 30), False, None)]


@pytest.mark.parametrize("who", ["declined", "other"])
def test_a_failed_payment_or_a_cancelled_order_of_other_goods_leaves_the_cart(golden, who):
    found = episodes(golden, "tokyo", who, "close_reason, abandoned_at")

    assert found == [(None, utc(2026, 10, 15, 2))]


def test_a_cart_without_an_owner_is_whose_order_names_it(golden):
    found = episodes(
        golden, "snapshots", "nobody", "close_reason, close_basis, closed_at, is_abandoned"
    )

    assert found == [("ordered", "same_cart", utc(2026, 10, 5, 1, 40), False)]
