"""What happens exactly on an edge."""

from datetime import date
from decimal import Decimal

from tests.golden.rows import utc


def end_of(golden, who: str) -> str:
    ((state,),) = golden.execute(
        "select terminal_state from marts.fct_recovery_outcomes"
        " where shop_id = 'edges' and person_id = ?",
        [who],
    ).fetchall()
    return state


def messages(golden, who: str, columns: str) -> list[tuple]:
    return golden.execute(
        f"select {columns} from marts.fct_messages where shop_id = 'edges' and person_id = ?"
        " order by step_number",
        [who],
    ).fetchall()


def orders(golden, which: str, columns: str) -> list[tuple]:
    return golden.execute(
        f"select {columns} from marts.fct_orders where shop_id = 'edges' and"
        " coalesce(person_id, order_id) = ? order by ordered_at",
        [which],
    ).fetchall()


def test_an_order_at_the_end_of_the_window_came_too_late(golden):
    assert end_of(golden, "punctual") == "recovered"
    assert end_of(golden, "late") != "recovered"


def test_a_click_at_the_end_of_the_window_is_none(golden):
    assert messages(golden, "punctual", "is_clicked") == [(True,)]
    assert messages(golden, "late_click", "is_clicked") == [(False,)]


def test_a_message_settles_at_the_instant_its_window_ends(golden):
    assert messages(golden, "just_settled", "is_mature") == [(True,)]
    assert messages(golden, "nearly_settled", "is_mature") == [(False,)]


def test_a_click_after_the_order_recovers_nothing(golden):
    assert end_of(golden, "hasty") == "self_ordered_later"


def test_of_two_mails_clicked_at_once_the_greater_id_is_credited(golden):
    ((credited,),) = golden.execute(
        "select message_id from intermediate.int_recovery__credited"
        " where shop_id = 'edges' and person_id = 'torn'"
    ).fetchall()

    assert credited == max(messages(golden, "torn", "message_id"))[0]


def test_a_person_who_orders_twice_is_one_orderer(golden):
    # punctual, torn and regular, who ordered twice.
    assert golden.execute(
        "select sum(orderer_count), sum(order_count) from marts.rpt_recovery_steps"
        " where shop_id = 'edges' and period_key = 'all' and step_number = 0 and arm_key = 'all'"
    ).fetchall() == [(3, 4)]


def test_what_was_given_back_is_no_revenue(golden):
    # 5,000 − 2,000.
    assert orders(golden, "picky", "revenue_amount") == [(Decimal(3000),)]


def test_the_newest_version_of_an_order_counts(golden):
    assert orders(golden, "corrected", "revenue_amount") == [(Decimal(4000),)]


def test_a_guest_known_by_the_address_alone_is_a_person(golden):
    ((person, purchase_no),) = golden.execute(
        "select person_id, purchase_no from marts.fct_orders"
        " where shop_id = 'edges' and order_id = 'nameless'"
    ).fetchall()

    assert (person, purchase_no) == ("guest:hash of a guest", 1)


def test_whoever_was_known_before_the_history_is_no_new_buyer(golden):
    # picky, corrected and the guest bought first in May 2026; old, seen in January, is not new.
    assert golden.execute(
        "select sum(cohort_person_count) from marts.rpt_cohort_retention"
        " where shop_id = 'edges' and variant = 'classic' and cohort_grain = 'month'"
        " and cohort_basis = 'first_order'"
        " and period_unit = 'calendar_month' and period_number = 0 and cohort_month = ?",
        [date(2026, 5, 1)],
    ).fetchall() == [(3,)]


def test_a_shared_browser_speaks_for_its_first_person_until_the_second_came(golden):
    seen = golden.execute(
        "select person_id, last_seen_at from marts.dim_persons"
        " where shop_id = 'edges' and person_id in ('mother', 'child') order by person_id"
    ).fetchall()

    assert seen == [("child", utc(2026, 4, 3)), ("mother", utc(2026, 4, 2, 12))]
