"""Every end a cart can have, and what the ledger, the mailer and the shop say about it."""

from decimal import Decimal

import pytest

from tests.golden import outcomes, trial


@pytest.fixture(scope="module")
def states(golden) -> dict[str, tuple]:
    rows = golden.execute(
        "select person_id, terminal_state, terminal_reason, terminal_step, has_ordered_in_window,"
        " recovered_amount, is_mature from marts.fct_recovery_outcomes where shop_id = 'outcomes'"
    ).fetchall()
    assert len(rows) == len(outcomes.EXPECTED)
    return {row[0]: row[1:] for row in rows}


@pytest.mark.parametrize(("who", "end"), outcomes.EXPECTED.items(), ids=outcomes.EXPECTED)
def test_a_cart_ends_in_the_first_state_that_applies(states, who, end):
    assert states[who][:2] == end


def test_every_state_has_a_cart(states):
    assert len({state for state, *_ in states.values()}) == 15


def test_recovered_money_is_that_of_the_order_whatever_its_goods(states):
    assert states["clicker"] == (
        "recovered", "click", 1, True, Decimal(7000), True
    )  # fmt: skip


def test_a_held_out_person_who_buys_is_counted_beside_the_state(states):
    assert states["control"][3] is True
    assert states["gone"][3] is False


@pytest.mark.parametrize(
    ("who", "facts"),
    [
        # Order after the mail, of the same goods, by its link or coupon.
        ("clicker", (True, False, False)),
        ("visitor", (True, True, True)),
        ("saver", (True, True, True)),
        ("opener", (True, True, False)),
        ("gone", (False, False, False)),
        ("control", (False, False, False)),
    ],
)
def test_what_was_ordered_after_a_mail_is_said_apart_from_the_credit(golden, who, facts):
    found = golden.execute(
        "select has_order_after, has_order_same_goods, has_order_via_link"
        " from marts.fct_recovery_outcomes where shop_id = 'outcomes' and person_id = ?",
        [who],
    ).fetchall()

    assert found == [facts]


def test_what_may_still_change_is_not_mature(states):
    assert states["waiting"][5] is False


def test_an_order_is_credited_once_over_all_campaigns(golden):
    credited = golden.execute(
        "select campaign_key, is_recovered, revenue_amount from intermediate.int_recovery__credited"
        " where shop_id = 'outcomes' and person_id = 'reader'"
    ).fetchall()

    assert credited == [("news", True, Decimal(9000))]


def test_machines_are_kept_and_do_not_count(golden):
    classes = golden.execute(
        "select message.person_id, mail.event_class, mail.machine_basis, count(*)"
        " from marts.fct_mail_events as mail join marts.fct_messages as message"
        " using (shop_id, message_id)"
        " where shop_id = 'outcomes' and person_id in ('scanned', 'prefetched', 'opener')"
        " and event_type in ('open', 'click') group by all order by all"
    ).fetchall()

    assert classes == [
        ("opener", "human", None, 1),
        ("prefetched", "machine", "ua", 1),
        ("scanned", "machine", "all_links", 2),
    ]


def test_reach_loses_a_cart_at_each_reason(golden):
    reach = golden.execute(
        "select reach_stage, episode_count from marts.rpt_reach"
        " where shop_id = 'outcomes' and period_key = 'all' order by stage_order"
    ).fetchall()

    # 25 carts: 1 browser, 1 without address, 1 without consent, 1 suppressed, then early, quick,
    # tidy, asking, forgotten and control are not written to, and one bounces.
    assert [count for _, count in reach] == [25, 24, 23, 22, 21, 15, 14]


def test_effect_is_by_intention_to_treat_from_eligibility(golden):
    row = golden.execute(
        "select person_count, outcome_person_count, baseline_person_count,"
        " baseline_outcome_person_count, outcome_rate_difference, difference_low, difference_high, recorded_person_count"
        " from marts.rpt_incrementality where shop_id = 'trial' and arm_key = 'mail'"
    ).fetchone()

    assert row[:4] == (
        trial.MAILED, trial.MAILED_ORDERERS, trial.HELD_OUT, trial.HELD_OUT_ORDERERS
    )  # fmt: skip
    assert row[7] == trial.MAILED + 1
    # 10/40 − 2/20 = 15 points. Wilson 10/40: 14.19 .. 40.19 %; 2/20: 2.79 .. 30.10 %. Newcombe:
    # 15 − √(10.81² + 20.10²) = −7.82; 15 + √(15.19² + 7.21²) = 31.82.
    assert row[4] == pytest.approx(0.15)
    assert row[5] == pytest.approx(-0.0782, abs=5e-4)
    assert row[6] == pytest.approx(0.3182, abs=5e-4)
