"""Every report on carts and mails of one small shop, each figure reckoned from tests/golden/street."""

from decimal import Decimal

import pytest

from tests.golden import street


def rows(golden, table: str, columns: str, where: str) -> list[tuple]:
    return golden.execute(
        f"select {columns} from marts.{table} where shop_id = 'street' and {where}"
    ).fetchall()


def test_products_left_behind(golden):
    found = rows(
        golden, "rpt_cart_products",
        "product_key, product_name, category_name, stock_band, cart_count, person_count,"
        " mature_cart_count, bought_in_window_count, bought_count, quantity, value_amount",
        "period_key = 'all' order by product_key",
    )  # fmt: skip

    # p1 by ann (who bought it), cay, hal and ida: 4 × 5,000. jon never left his. p2 by bob.
    assert found == [
        ("p1", "Bag p1", "Bags", "in", 4, 4, 4, 1, 1, 4, 20_000),
        ("p2", "Bag p2", "Bags", "out", 1, 1, 1, 0, 0, 1, 5_000),
    ]


def test_steps_of_the_checkout(golden):
    found = rows(
        golden, "rpt_checkout_steps",
        "step_key, reached_count, continued_count, left_count, form_error_cart_count,"
        " form_error_count",
        "period_key = 'all' order by step_number",
    )  # fmt: skip

    # Carts of ann, bob, cay, hal, ida, jon. ann and jon ordered; ida came to the details.
    assert found == [
        ("cart", 6, 3, 3, 0, 0),
        ("checkout", 3, 3, 0, 1, 1),
        ("details", 3, 2, 1, 0, 0),
        ("payment", 2, 2, 0, 0, 0),
        ("ordered", 2, 0, 0, 0, 0),
    ]


def test_fields_with_errors(golden):
    found = rows(
        golden, "rpt_form_errors", "field_name, cart_count, ordered_count, error_count",
        "period_key = 'all'",
    )  # fmt: skip

    assert found == [("tel", 1, 0, 1)]


def test_visits_that_only_looked(golden):
    found = rows(
        golden, "rpt_browse_abandonment",
        "abandonment_kind, visit_count, abandoned_count, identified_count, mature_count,"
        " ordered_in_window_count",
        "period_key = 'all' order by abandonment_kind",
    )  # fmt: skip

    # fay and hal looked twice, gus kept something; hal has a cart, fay and gus ordered days later.
    assert found == [
        ("all", 3, 2, 2, 2, 2),
        ("browse", 2, 1, 1, 1, 1),
        ("favourite", 1, 1, 1, 1, 1),
    ]


def test_what_was_looked_at_may_be_shown(golden):
    found = golden.execute(
        "select visit.person_id, item.product_id, item.is_favourite, item.is_purchasable,"
        " item.view_count from marts.fct_browse_abandonment_items as item"
        " join marts.fct_browse_abandonments as visit using (shop_id, session_id)"
        " where shop_id = 'street' order by all"
    ).fetchall()

    assert found == [("fay", "p1", False, True, 2), ("gus", "p2", True, False, 0)]


RULES = {
    # Number → mature messages, too young, orderers, money.
    1: (3, 0, 0, Decimal(0)),
    # ann ordered an hour after her click; bob, of other goods, almost three days after his.
    2: (3, 0, 1, Decimal(5000)),
    3: (3, 0, 2, Decimal(13_000)),
    # 37 days before 1 November is 25 September: cay's mail alone is old enough.
    4: (1, 2, 1, Decimal(2000)),
    5: (3, 0, 2, Decimal(13_000)),
    6: (3, 0, 1, Decimal(5000)),
    # Nobody was held out.
    7: (None, None, None, None),
}


@pytest.mark.parametrize(("number", "figures"), RULES.items())
def test_one_period_under_seven_rules(golden, number, figures):
    found = rows(
        golden, "rpt_recovery_rules",
        "message_count, immature_count, orderer_count, recovered_amount",
        f"period_key = 'all' and campaign_key = 'all' and rule_number = {number}",
    )  # fmt: skip

    assert found == [figures]


def test_the_holdout_stands_in_all_time_alone(golden):
    found = rows(
        golden, "rpt_recovery_rules", "rule_number",
        "period_key = 'trailing_12' and campaign_key = 'cart' order by rule_number",
    )  # fmt: skip

    assert [number for (number,) in found] == [1, 2, 3, 4, 5, 6]


def test_a_newsletter_has_the_figures_of_a_cart_mail(golden):
    found = rows(
        golden, "rpt_campaign_steps",
        "segment_key, sent_count, clicker_count, orderer_count, orderer_with_unknown_count,"
        " recovered_amount, recovered_with_unknown_amount, unsubscribe_count, complaint_count, unsubscribe_rate, complaint_rate",
        "period_key = '2026-10' and campaign_key = 'news' and step_number = 0 and arm_key = 'all'",
    )  # fmt: skip

    # To dan, eve, gus and jon; whether gus clicked is not known.
    assert found == [("newsletter", 4, 1, 1, 2, 3000, 7000, 1, 1, 0.25, 0.25)]
    assert rows(golden, "rpt_recovery_steps", "campaign_key", "campaign_key <> 'cart'") == []


BRIDGES = {
    # Orders and money of: abandoned, abandoned_before, sent_after, sent, sent_before,
    # ordered_after, ordered. ann: September, October, October. bob: September, September, October.
    "2026-09": [(2, 13_000), (0, 0), (-1, -5000), (1, 8000), (0, 0), (-1, -8000), (0, 0)],
    "2026-10": [(0, 0), (1, 5000), (0, 0), (1, 5000), (1, 8000), (0, 0), (2, 13_000)],
    "all": [(2, 13_000), (0, 0), (0, 0), (2, 13_000), (0, 0), (0, 0), (2, 13_000)],
}


@pytest.mark.parametrize(("period", "lines"), BRIDGES.items())
def test_months_of_leaving_mailing_and_ordering_are_reconciled(golden, period, lines):
    found = rows(
        golden, "rpt_recovery_bridge", "order_count, recovered_amount",
        f"period_key = '{period}' and campaign_key = 'all' order by line_number",
    )  # fmt: skip

    assert found == lines


def test_a_refund_is_taken_out_of_what_was_recovered(golden):
    found = rows(
        golden, "rpt_recovery_bridge", "gross_amount, refunded_amount, recovered_amount",
        "period_key = 'all' and campaign_key = 'all' and line_key = 'ordered'",
    )  # fmt: skip

    assert found == [(14_000, 1000, 13_000)]


def test_hours_from_the_mail_to_the_order(golden):
    found = rows(
        golden, "rpt_recovery_times",
        "bucket_number, order_count, cumulative_order_count, median_hours",
        "period_key = 'all' and order_kind = 'recovered' and measured_from = 'sent'"
        " and order_count > 0 order by bucket_number",
    )  # fmt: skip

    # ann 2 hours, bob 70 hours 50 minutes: half way 36 hours 25 minutes.
    assert found == [
        (2, 1, 1, pytest.approx(36.416667)),
        (7, 1, 2, pytest.approx(36.416667)),
    ]


def test_hours_from_the_abandonment_to_the_order(golden):
    found = rows(
        golden, "rpt_recovery_times", "distinct first_quartile_hours, third_quartile_hours",
        "period_key = 'all' and order_kind = 'recovered' and measured_from = 'abandoned'",
    )  # fmt: skip

    # ann 26 hours, bob 71: a quarter and three quarters of the way.
    assert found == [(37.25, 59.75)]


def test_lateness_from_due_to_handed_over(golden):
    found = rows(
        golden, "rpt_handoff_delays",
        "message_count, hour_late_count, median_delay_minutes, ninety_fifth_delay_minutes,"
        " longest_delay_minutes",
        "period_key = 'all' and campaign_key = 'all' and step_number = 0",
    )  # fmt: skip

    # 10, 10 and 1,440 minutes; 95 % of the way lies at 10 + 0.9 × 1,430.
    assert found == [(3, 1, 10, pytest.approx(1297.0), 1440)]


def test_a_day_is_held_against_its_weekday(golden):
    found = rows(
        golden, "rpt_cart_days",
        "abandoned_count, abandoned_value_amount, usual_day_count, usual_abandoned_count,"
        " usual_value_amount",
        "day_on in ('2026-10-06', '2026-10-07') order by day_on",
    )  # fmt: skip

    # Of the four Tuesdays before, bob's on 29 September alone; of the Wednesdays ann's on the 30th.
    assert found == [(0, 0, 4, 0.25, 1250.0), (1, 5000, 4, 0.25, 1250.0)]


def test_nothing_is_known_of_days_before_the_first_cart(golden):
    (first,) = rows(golden, "rpt_cart_days", "min(day_on)::text, min(usual_day_count)", "true")

    assert first == ("2026-08-10", 0)


def test_mailable_persons_by_day(golden):
    found = rows(
        golden, "rpt_mailable_days", "day_on::text, mailable_count, gained_count, lost_count",
        "day_on in ('2026-10-09', '2026-10-10', '2026-11-01') order by day_on",
    )  # fmt: skip

    # dan stopped and eve complained on 10 October.
    everybody = len(street.PEOPLE)
    assert found == [
        ("2026-10-09", everybody, 0, 0),
        ("2026-10-10", everybody - 2, 0, 2),
        ("2026-11-01", everybody - 2, 0, 0),
    ]


def test_the_monthly_report_has_the_money_of_the_month(golden):
    found = dict(
        rows(
            golden, "rpt_shop_months", "measure_key, (measure_value, base_value)",
            "shop_month = '2026-10-01'",
        )
    )  # fmt: skip

    assert found["recovered_amount"] == (13_000, None)
    # ann's cart mail and four newsletters were sent in October.
    assert found["unsubscribes"] == (1, 5)
    assert found["complaints"] == (1, 5)
    assert found["mailable_persons"] == (8, None)


def test_the_waterfall_is_split_by_what_the_page_filters_by(golden):
    found = rows(
        golden, "rpt_recovery_waterfall", "dimension, dimension_value, sum(episode_count)",
        "period_key = 'all' and campaign_key = 'all' group by all order by all",
    )  # fmt: skip

    # ann, bob, cay, hal and ida, all members, each with 5,000 yen.
    assert found == [
        ("all", "all", 5),
        ("channel", "email", 5),
        ("device", "unknown", 5),
        ("member", "member", 5),
        ("value_band", "05_10", 5),
    ]
