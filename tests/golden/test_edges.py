"""What happens exactly on an edge."""

from datetime import date
from decimal import Decimal

import duckdb
import pytest

from tests.compiled import marts_of
from tests.golden import edges
from tests.golden.rows import utc


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> duckdb.DuckDBPyConnection:
    return marts_of(edges.shop().rows, folder=tmp_path_factory.mktemp("edges"))


def end_of(built, who: str) -> str:
    ((state,),) = built.execute(
        "select terminal_state from marts.fct_recovery_outcomes"
        " where shop_id = 'edges' and person_id = ?",
        [who],
    ).fetchall()
    return state


def messages(built, who: str, columns: str) -> list[tuple]:
    return built.execute(
        f"select {columns} from marts.fct_messages where shop_id = 'edges' and person_id = ?"
        " order by step_number",
        [who],
    ).fetchall()


def orders(built, which: str, columns: str) -> list[tuple]:
    return built.execute(
        f"select {columns} from marts.fct_orders where shop_id = 'edges' and"
        " coalesce(person_id, order_id) = ? order by ordered_at",
        [which],
    ).fetchall()


def test_an_order_at_the_end_of_the_window_came_too_late(built):
    assert end_of(built, "punctual") == "recovered"
    assert end_of(built, "late") != "recovered"


def test_a_click_at_the_end_of_the_window_is_none(built):
    assert messages(built, "punctual", "is_clicked") == [(True,)]
    assert messages(built, "late_click", "is_clicked") == [(False,)]


def test_a_message_settles_at_the_instant_its_window_ends(built):
    assert messages(built, "just_settled", "is_mature") == [(True,)]
    assert messages(built, "nearly_settled", "is_mature") == [(False,)]


def test_a_click_after_the_order_recovers_nothing(built):
    assert end_of(built, "hasty") == "self_ordered_later"


def test_of_two_mails_clicked_at_once_the_greater_id_is_credited(built):
    ((credited,),) = built.execute(
        "select message_id from intermediate.int_recovery__credited"
        " where shop_id = 'edges' and person_id = 'torn'"
    ).fetchall()

    assert credited == max(messages(built, "torn", "message_id"))[0]


def test_a_person_who_orders_twice_is_one_orderer(built):
    # punctual, torn and regular, who ordered twice.
    assert built.execute(
        "select sum(orderer_count), sum(order_count) from marts.rpt_recovery_steps"
        " where shop_id = 'edges' and period_key = 'all' and step_number = 0 and arm_key = 'all'"
    ).fetchall() == [(3, 4)]


def test_what_was_given_back_is_no_revenue(built):
    # 5,000 − 2,000.
    assert orders(built, "picky", "revenue_amount") == [(Decimal(3000),)]


def test_the_newest_version_of_an_order_counts(built):
    assert orders(built, "corrected", "revenue_amount") == [(Decimal(4000),)]


def test_a_guest_known_by_the_address_alone_is_a_person(built):
    ((person, purchase_no),) = built.execute(
        "select person_id, purchase_no from marts.fct_orders"
        " where shop_id = 'edges' and order_id = 'nameless'"
    ).fetchall()

    assert (person, purchase_no) == ("guest:hash of a guest", 1)


def test_whoever_was_known_before_the_history_is_no_new_buyer(built):
    # picky, corrected and the guest bought first in May 2026; old, seen in January, is not new.
    assert built.execute(
        "select sum(cohort_person_count) from marts.rpt_cohort_retention"
        " where shop_id = 'edges' and variant = 'classic' and cohort_grain = 'month'"
        " and period_unit = 'calendar_month' and period_number = 0 and cohort_month = ?",
        [date(2026, 5, 1)],
    ).fetchall() == [(3,)]


def test_a_shared_browser_speaks_for_its_first_person_until_the_second_came(built):
    seen = built.execute(
        "select person_id, last_seen_at from marts.dim_persons"
        " where shop_id = 'edges' and person_id in ('mother', 'child') order by person_id"
    ).fetchall()

    assert seen == [("child", utc(2026, 4, 3)), ("mother", utc(2026, 4, 2, 12))]
