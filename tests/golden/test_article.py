"""The article's table comes out of single messages, to the last digit it prints."""

import pytest

FIGURES = (
    "sent_count, opener_count, clicker_count, orderer_count, recovered_amount, open_rate,"
    " click_to_open_rate, order_rate, spend_per_orderer_amount, click_through_rate,"
    " order_per_sent_rate, spend_without_outliers_amount, median_spend_amount, top_order_share,"
    " shop_aov_amount, sent_basis"
)


def figures(golden, shop_id: str, step: int) -> dict:
    cursor = golden.execute(
        f"select {FIGURES} from marts.rpt_recovery_steps where shop_id = ? and period_key = 'all'"
        " and step_number = ? and arm_key = 'all' and is_mature",
        [shop_id, step],
    )
    (row,) = cursor.fetchall()
    return dict(zip((column[0] for column in cursor.description), row, strict=True))


@pytest.mark.parametrize("shop_id", ["article", "report"])
def test_step_1_has_the_printed_figures_but_for_the_open_rate(golden, shop_id):
    step = figures(golden, shop_id, 1)

    assert (step["sent_count"], step["opener_count"], step["clicker_count"]) == (1020, 598, 109)
    assert (step["orderer_count"], step["recovered_amount"]) == (29, 435_096)
    # 598 ÷ 1,020 = 58.63 %; the article prints 59.80 %.
    assert round(step["open_rate"], 4) == 0.5863
    assert round(step["click_to_open_rate"], 4) == 0.1823
    assert round(step["order_rate"], 4) == 0.2661
    assert round(step["spend_per_orderer_amount"]) == 15_003
    assert round(step["click_through_rate"], 4) == 0.1069


@pytest.mark.parametrize("shop_id", ["article", "report"])
def test_step_2_has_the_printed_figures(golden, shop_id):
    step = figures(golden, shop_id, 2)

    assert (step["sent_count"], step["opener_count"], step["clicker_count"]) == (614, 307, 25)
    assert (step["orderer_count"], step["recovered_amount"]) == (4, 467_693)
    assert (step["open_rate"], step["order_rate"]) == (0.5, 0.16)
    assert round(step["click_to_open_rate"], 4) == 0.0814
    assert round(step["spend_per_orderer_amount"]) == 116_923


@pytest.mark.parametrize("shop_id", ["article", "report"])
def test_together_33_persons_902_789_yen_2_02_percent_of_sent(golden, shop_id):
    total = figures(golden, shop_id, 0)

    assert (total["sent_count"], total["orderer_count"]) == (1634, 33)
    assert total["recovered_amount"] == 902_789
    assert round(total["order_per_sent_rate"], 4) == 0.0202


def test_step_2_without_its_one_outlier_is_15_800(golden):
    step = figures(golden, "article", 2)

    assert step["spend_without_outliers_amount"] == 15_800
    # (15,800 + 15,800) ÷ 2; 420,293 ÷ 467,693 = 89.9 %.
    assert step["median_spend_amount"] == 15_800
    assert round(step["top_order_share"], 3) == 0.899
    assert round(figures(golden, "article", 0)["top_order_share"], 3) == 0.466
    assert step["sent_basis"] == "handoff"


def test_the_audit_flags_the_open_rate_of_mail_1_and_nothing_else(golden):
    audited = golden.execute(
        "select label, rate_key, is_flagged, matched_denominator from marts.rpt_report_audit"
        " where shop_id = 'report' order by rate_key, label"
    ).fetchall()

    assert audited == [
        ("mail 1", "click_rate", False, "opens"),
        ("mail 2", "click_rate", False, "opens"),
        ("mail 1", "open_rate", True, None),
        ("mail 2", "open_rate", False, "sent"),
        ("mail 1", "order_rate", False, "clicks"),
        ("mail 2", "order_rate", False, "clicks"),
        ("mail 1", "spend_per_orderer", False, "orderers"),
        ("mail 2", "spend_per_orderer", False, "orderers"),
    ]


def test_the_counts_of_the_printed_report_keep_every_identity_that_can_be_checked(golden):
    checked = golden.execute(
        "select label, identity_key, cast(first_value as bigint), cast(second_value as bigint),"
        " is_flagged from marts.rpt_report_identities where shop_id = 'report' and is_checkable"
        " order by label, identity_key"
    ).fetchall()

    assert checked == [
        ("mail 1", "clicks_within_opens", 109, 598, False),
        ("mail 1", "opens_within_sent", 598, 1020, False),
        ("mail 1", "orderers_within_clicks", 29, 109, False),
        ("mail 2", "clicks_within_opens", 25, 307, False),
        ("mail 2", "opens_within_sent", 307, 614, False),
        ("mail 2", "orderers_within_clicks", 4, 25, False),
    ]


def test_totals_of_a_mailer_are_marked_as_such(golden):
    grains = golden.execute(
        "select shop_id, report_grain, count(*) > 0 from marts.rpt_recovery_steps"
        " where shop_id in ('article', 'report') group by all order by all"
    ).fetchall()

    assert grains == [("article", "message", True), ("report", "totals", True)]


def test_the_377_of_whom_the_article_says_nothing_are_accounted_for(golden):
    states = dict(
        golden.execute(
            "select terminal_state, episode_count from marts.rpt_recovery_waterfall"
            " where shop_id = 'article' and period_key = 'all' and campaign_key = 'all'"
            " and dimension = 'all'"
        ).fetchall()
    )

    # 1,020 carts: 33 recovered, 987 neither ordered nor emptied nor still waiting.
    assert states == {"recovered": 33, "lost": 987}
