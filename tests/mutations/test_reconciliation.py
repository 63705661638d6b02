"""Each reconciliation of the marts turns red when what it guards is gone."""

from collections.abc import Iterator

import duckdb
import pytest

from tests.compiled import failing_checks, marts_of, project
from tests.golden import shops

# What is done to the built tables → the data test that must object.
DAMAGES = [
    ("assert_revenue_is_what_was_paid_less_what_came_back",
     "update marts.fct_orders set revenue_amount = revenue_amount + 1 where is_sale"),
    ("assert_every_account_is_a_person",
     "delete from marts.dim_persons where shop_id = 'edges' and person_id = 'picky'"),
    ("assert_every_account_is_a_person",
     "update marts.dim_persons set account_count = 2 where person_id = 'picky'"),
    ("assert_every_line_and_mail_event_is_kept",
     "delete from marts.fct_order_lines where shop_id = 'edges'"),
    ("assert_every_line_and_mail_event_is_kept",
     "insert into marts.fct_mail_events select * from marts.fct_mail_events limit 1"),
    ("assert_every_credited_order_is_a_sale",
     "update marts.fct_orders set is_sale = false where shop_id = 'edges'"),
    ("assert_every_credited_order_is_a_sale",
     "delete from intermediate.int_recovery__credited where shop_id = 'outcomes'"),
    ("assert_steps_and_arms_add_up_to_their_totals",
     "delete from marts.rpt_campaign_steps where shop_id = 'edges' and step_number = 2"),
    ("assert_steps_and_arms_add_up_to_their_totals",
     "update marts.rpt_campaign_steps set sent_count = sent_count + 1 where arm_key = 'a'"),
    ("assert_steps_and_arms_add_up_to_their_totals",
     "update marts.rpt_campaign_steps set orderer_count = 1000 where step_number = 0"),
    ("assert_months_add_up_to_the_whole_history",
     "delete from marts.rpt_cart_abandonment where period_key = '2026-09'"),
    ("assert_reports_count_the_messages_that_were_sent",
     "delete from marts.fct_messages where shop_id = 'edges' and person_id = 'torn'"),
    ("assert_reports_count_the_messages_that_were_sent",
     "update marts.rpt_recovery_rules set immature_count = immature_count + 1"),
    ("assert_dimensions_split_the_same_carts",
     "delete from marts.rpt_cart_abandonment where dimension_value = 'not_member'"),
    ("assert_dimensions_split_the_same_carts",
     "update marts.rpt_reach set episode_count = episode_count + 1 where episode_count > 0"),
    ("assert_rates_are_quotients_of_their_counts",
     "update marts.rpt_recovery_steps set open_rate = open_rate + 0.01"),
    ("assert_rates_are_quotients_of_their_counts",
     "update marts.rpt_campaign_steps set order_rate = 0 where clicker_count = 0"),
    ("assert_shop_months_are_what_the_facts_hold",
     "delete from marts.rpt_shop_months where measure_key = 'revenue'"),
    ("assert_shop_months_are_what_the_facts_hold",
     "update marts.rpt_shop_months set measure_value = 2 * measure_value"
     " where measure_key = 'new_revenue'"),
    ("assert_every_abandoned_episode_has_one_state",
     "delete from marts.fct_recovery_outcomes where shop_id = 'edges'"),
    ("assert_every_handed_over_claim_is_a_message",
     "delete from marts.fct_messages where shop_id = 'edges' and person_id = 'torn'"),
    ("assert_every_order_is_credited_once",
     "insert into intermediate.int_recovery__credited"
     " select * from intermediate.int_recovery__credited where is_recovered limit 1"),
    ("assert_every_order_is_in_fct_orders",
     "delete from marts.fct_orders where shop_id = 'edges' and order_id = 'nameless'"),
    ("assert_no_episode_overlaps_another_of_its_person",
     "update marts.fct_cart_episodes set closed_at = null where shop_id = 'tokyo'"
     " and person_id is not null"),
    ("assert_reach_never_grows",
     "update marts.rpt_reach set episode_count = 0 where reach_stage = 'identified'"),
    ("assert_cohorts_hold_every_first_buyer_once",
     "delete from marts.rpt_cohort_retention where shop_id = 'edges'"),
    ("assert_cumulative_retention_never_falls",
     "update marts.rpt_cohort_retention set retained_person_count = 0"
     " where variant = 'cumulative' and period_number = 3"),
    ("assert_means_are_ratios_of_their_sums",
     "update marts.rpt_cohort_means set exposed_person_count = exposed_person_count + 1"
     " where cohort_grain = 'quarter'"),
    ("assert_means_are_ratios_of_their_sums",
     "delete from marts.rpt_cohort_means where cohort_grain = 'week' and period_number = 2"),
    ("assert_spans_of_days_agree",
     "update marts.rpt_cohort_retention set retained_person_count = retained_person_count + 1"
     " where variant = 'bracket' and period_number = 3 and cohort_grain = 'month'"),
    ("assert_spans_of_days_agree",
     "delete from marts.rpt_repeat_rate where from_order_no = 1 and within_days = 30"),
    ("assert_variants_nest_in_each_other",
     "update marts.rpt_cohort_retention set retained_person_count = retained_person_count + 1"
     " where variant = 'classic' and period_number = 1"),
    ("assert_variants_nest_in_each_other",
     "delete from marts.rpt_cohort_retention where variant = 'on_or_after' and period_number = 0"),
    ("assert_the_recovery_bridge_bears",
     "update marts.rpt_recovery_bridge set order_count = order_count + 1 where line_number = 4"),
    ("assert_the_last_mailable_day_is_today",
     "update intermediate.int_persons__contactable set is_contactable = false"),
]  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> duckdb.DuckDBPyConnection:
    return marts_of(shops.landing(), folder=tmp_path_factory.mktemp("golden"))


@pytest.fixture
def warehouse(built) -> Iterator[duckdb.DuckDBPyConnection]:
    """The golden shops' tables, to be damaged: afterwards they are as before."""
    built.execute("begin")
    yield built
    built.execute("rollback")


@pytest.mark.parametrize(("check", "damage"), DAMAGES, ids=[check for check, _ in DAMAGES])
def test_a_reconciliation_objects(warehouse, check, damage):
    assert failing_checks(warehouse, [check]) == {}

    warehouse.execute(damage)

    assert check in failing_checks(warehouse, [check])


def test_every_reconciliation_holds(built):
    reconciliations = [name for name in project().checks if name.startswith("assert_")]

    assert failing_checks(built, reconciliations) == {}
