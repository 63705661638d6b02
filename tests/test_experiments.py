"""What a trial says, against figures worked out by hand; and that it says the same again.

The arithmetic stands beside each figure. Wilson bounds are those of `test_intervals.py`.
"""

import importlib.util
import random
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import duckdb
import numpy as np
import pytest

from pipelines.settings import DBT_PROJECT
from tests.compiled import failing_checks, marts_of, project
from tests.golden import article, trial, trials
from tests.golden.rows import Rows, together

REPORTS = ("rpt_incrementality", "rpt_experiment_checks", "rpt_experiment_plan")
EXPERIMENTS = DBT_PROJECT / "models" / "intermediate" / "experiments"


def rows() -> Rows:
    """Every shop of this file."""
    return together(
        trial.shop(), trials.popup(), trials.delays(), trials.crossed(), trials.same_twice(),
        article.message_shop(), *map(trials.verdict, trials.VERDICTS),
    )  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory) -> duckdb.DuckDBPyConnection:
    return marts_of(
        rows(), folder=tmp_path_factory.mktemp("trials"), only=[*REPORTS, "fct_arm_assignments"]
    )


@pytest.fixture(scope="module")
def effect(warehouse) -> Callable[..., dict]:
    """The one row of a shop's report that has these values."""

    def of(shop_id: str, **wanted: object) -> dict:
        where = " and ".join(f"{name} = ${name}" for name in ("shop_id", *wanted))
        cursor = warehouse.execute(
            f"select * from marts.rpt_incrementality where {where}", {"shop_id": shop_id, **wanted}
        )
        (row,) = cursor.fetchall()
        return dict(zip((column[0] for column in cursor.description), row, strict=True))

    return of


def script(name: str) -> ModuleType:
    """A Python model as a module."""
    spec = importlib.util.spec_from_file_location(name, EXPERIMENTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_data_test_of_the_experiments_holds(warehouse):
    built = {
        name
        for (name,) in warehouse.execute(
            "select table_name from information_schema.tables"
        ).fetchall()
    }
    named = [
        check.name
        for check in project().checks.values()
        if set(check.models) <= built and any("experiments" in m for m in check.models)
    ]

    assert len(named) > 10
    assert failing_checks(warehouse, named) == {}


def test_the_pop_up_of_article_b_registers_36_percent_more(effect):
    shown = effect("popup", campaign_key="welcome", metric_key="registered", arm_key="shown")

    assert (shown["person_count"], shown["outcome_person_count"]) == (250, 34)
    assert (shown["baseline_person_count"], shown["baseline_outcome_person_count"]) == (250, 25)
    assert (shown["baseline_arm_key"], shown["experiment_kind"]) == ("hidden", "site")
    # 34/250 = 13.6 %, 25/250 = 10.0 %: 3.6 points more, 36 % of 10.0 %.
    assert shown["outcome_rate"] == pytest.approx(0.136)
    assert shown["baseline_outcome_rate"] == pytest.approx(0.100)
    assert shown["outcome_rate_difference"] == pytest.approx(0.036)
    assert shown["relative_lift"] == pytest.approx(0.36)
    # Wilson 9.90 .. 18.40 % and 6.87 .. 14.35 %. Newcombe: 3.6 − √(3.70² + 4.35²) = −2.11;
    # 3.6 + √(4.80² + 3.13²) = 9.34.
    assert shown["difference_low"] == pytest.approx(-0.0211, abs=1e-4)
    assert shown["difference_high"] == pytest.approx(0.0934, abs=1e-4)
    # √(1/34 − 1/250 + 1/25 − 1/250) = 0.24781; 1.36 × e^(∓1.96 × 0.24781) = 0.8368 and 2.2104.
    assert shown["relative_lift_low"] == pytest.approx(-0.1632, abs=1e-4)
    assert shown["relative_lift_high"] == pytest.approx(1.2104, abs=1e-4)
    assert shown["extra_person_count"] == pytest.approx(9)


def test_whoever_has_an_account_can_order_but_not_register(effect):
    ordered = effect("popup", campaign_key="welcome", metric_key="order", arm_key="shown")
    registered = effect("popup", campaign_key="welcome", metric_key="registered", arm_key="shown")

    # 250 browsers and a member; the browser of yesterday is not mature.
    assert (ordered["recorded_person_count"], ordered["person_count"]) == (252, 251)
    assert (registered["recorded_person_count"], registered["person_count"]) == (251, 250)
    assert ordered["outcome_person_count"] == 1
    assert registered["revenue_difference_low"] is None


def test_a_browser_that_saw_both_arms_stays_in_the_first(effect):
    off = effect("popup", campaign_key="badge", metric_key="registered", arm_key="off")

    assert (off["is_holdout"], off["recorded_person_count"]) == (True, 1)
    assert off["contaminated_person_count"] == 1


def test_a_slow_arm_keeps_those_who_bought_before_its_mail(effect):
    day = effect("delays", comparison_key="arm", arm_key="day")

    assert day["baseline_arm_key"] == "hour"
    assert (day["person_count"], day["outcome_person_count"]) == (40, 14)
    assert (day["baseline_person_count"], day["baseline_outcome_person_count"]) == (40, 12)
    # 14/40 − 12/40 = 5 points; without the 6 early ones 8/34 would be 6.5 points worse.
    assert day["outcome_rate_difference"] == pytest.approx(0.05)
    # Wilson 22.13 .. 50.49 % and 18.07 .. 45.43 %: 5 − √(12.87² + 15.43²) = −15.09.
    assert day["difference_low"] == pytest.approx(-0.1509, abs=1e-4)
    assert day["verdict"] == "collecting"


def test_without_a_holdout_no_arm_has_an_effect(effect):
    hour = effect("delays", comparison_key="holdout", arm_key="hour")

    assert (hour["baseline_arm_key"], hour["verdict"]) == (None, None)
    assert (hour["difference_low"], hour["extra_revenue_amount"]) == (None, None)
    assert hour["outcome_rate"] == pytest.approx(0.3)


@pytest.mark.parametrize("name", trials.VERDICTS)
def test_a_verdict_is_what_its_intervals_allow(effect, name):
    row = effect(name, comparison_key="holdout", arm_key="mail")

    # Newcombe of 40 against 40: 20 − 4: 20.3 .. 56.0; 13 − 7: −4.1 .. 32.8, at 80 % 2.6 .. 26.9;
    # 8 − 8: ± 17.6 inside ± 20; 8 − 9: −20.3 .. 15.4 not inside ± 1.
    expected = name.replace("-", "_").replace("no_difference", "no_difference_larger_than")
    assert row["verdict"] == expected
    assert row["planned_person_count"] == (41 if name == "collecting" else 40)


def test_revenue_per_person_has_the_interval_its_spread_gives(effect):
    mail = effect("trial", arm_key="mail")

    # 10 × 5,000 ÷ 40 − 2 × 5,000 ÷ 20 = 750. Variances 5,000² × ¼ × ¾ ÷ 40 = 117,188 and
    # 5,000² × 0.1 × 0.9 ÷ 20 = 112,500: √229,688 = 479, so 750 ± 939.
    assert mail["revenue_difference_amount"] == pytest.approx(750)
    assert mail["revenue_difference_low"] == pytest.approx(750 - 939, abs=125)
    assert mail["revenue_difference_high"] == pytest.approx(750 + 939, abs=125)
    # Everybody's order is 5,000, so is the limit: Q3 + 3 × 0.
    assert mail["revenue_cap_amount"] == 5000
    assert mail["extra_revenue_amount"] == pytest.approx(30_000)
    assert mail["extra_revenue_low"] == pytest.approx(40 * mail["revenue_difference_low"])


def test_all_of_one_arm_are_that_arm(effect):
    one, everybody = (effect("trial", arm_key=arm) for arm in ("mail", "all"))

    assert {n: (one[n], everybody[n]) for n in one if one[n] != everybody[n]} == {
        "arm_key": ("mail", "all")
    }


def test_carts_of_one_band_are_stratified_into_themselves(effect):
    mail = effect("trial", arm_key="mail")

    for end in ("", "_low", "_high"):
        plain = mail[f"difference{end}" if end else "outcome_rate_difference"]
        assert mail[f"difference_post_stratified{end}"] == pytest.approx(plain)
    assert mail["stratified_person_count"] == 60


def test_later_episodes_are_counted_and_not_compared(effect):
    control = effect("trial", arm_key="control")

    # h10's second cart was ordered; the first was not.
    assert (control["later_episode_count"], control["outcome_person_count"]) == (1, 2)


def test_an_arm_the_file_has_lost_stays_a_holdout(effect, warehouse):
    quiet = effect("crossed", arm_key="quiet")
    mail = effect("crossed", comparison_key="holdout", arm_key="mail")
    kept = warehouse.execute(
        "select is_holdout from marts.fct_arm_assignments where shop_id = 'crossed' and person_id = 'q0'"
    ).fetchall()

    assert kept == [(True,)]
    assert (quiet["is_holdout"], quiet["outcome_person_count"]) == (True, 1)
    # control (h0, held, and one merged) and quiet are held out together.
    assert (mail["baseline_arm_key"], mail["baseline_person_count"]) == ("all", 4)


def test_merged_persons_keep_the_past_and_go_on_in_the_first_arm(effect, warehouse):
    episodes = warehouse.execute(
        "select arm_key, is_contaminated, eligible_no from marts.fct_arm_assignments"
        " where shop_id = 'crossed' and person_id = 'one' order by eligible_no"
    ).fetchall()
    control = effect("crossed", arm_key="control")

    assert episodes == [("control", True, 1), ("mail", True, 2)]
    assert (control["recorded_person_count"], control["contaminated_person_count"]) == (3, 1)


def test_a_message_to_somebody_held_out_is_an_alarm(warehouse):
    found = warehouse.execute(
        "select is_judged, is_alarm, event_count, person_count from marts.rpt_experiment_checks"
        " where shop_id = 'crossed' and check_key = 'held_out_written_to'"
    ).fetchall()
    clean = warehouse.execute(
        "select is_judged, is_alarm, event_count, person_count from marts.rpt_experiment_checks"
        " where shop_id = 'trial' and check_key = 'held_out_written_to'"
    ).fetchall()

    assert found == [(True, True, 1, 4)]
    assert clean == [(True, False, 0, 20)]


def test_shares_that_changed_are_not_judged(warehouse):
    judged = dict(
        warehouse.execute(
            "select shop_id, is_judged from marts.rpt_experiment_checks"
            " where check_key = 'sample_ratio' and shop_id in ('crossed', 'trial')"
        ).fetchall()
    )

    assert judged == {"crossed": False, "trial": True}


def test_the_sample_ratio_is_the_chi_square_of_the_books():
    # Mendel's peas, 9 : 3 : 3 : 1 of 556, printed as χ² = 0.470, p = 0.925 (3 degrees of freedom).
    arms = [(9, 315, True), (3, 108, True), (3, 101, True), (1, 32, True)]
    count, persons, has_one_share, least, statistic, p_value = script(
        "int_experiments__ratio_tested"
    ).tested(arms)

    assert (count, persons, has_one_share, least) == (4, 556, True, 34.75)
    assert statistic == pytest.approx(0.470, abs=5e-4)
    assert p_value == pytest.approx(0.925, abs=5e-4)


@pytest.mark.parametrize(
    ("arms", "answer"),
    [
        # (60 − 50)² ÷ 50 × 2 = 4; two-sided normal of 2 standard deviations: 4.55 %.
        ([(5000, 60, True), (5000, 40, True)], (2, 100, True, 50, 4.0, 0.0455)),
        ([(10000, 60, True)], (1, 60, True, 60, None, None)),
        ([(10000, 60, True), (0, 0, True)], (1, 60, True, 60, None, None)),
        ([(10000, 60, True), (0, 2, False)], (2, 62, False, 0, None, None)),
        ([], (0, 0, True, 0, None, None)),
    ],
)
def test_the_sample_ratio_of_odd_arms(arms, answer):
    tested = script("int_experiments__ratio_tested").tested(arms)

    assert tested[:4] == answer[:4]
    assert tested[4:] == pytest.approx(answer[4:], abs=5e-5)


def test_the_article_could_not_have_measured_its_effect(warehouse):
    plan = {
        (share, months): row
        for share, months, *row in warehouse.execute(
            "select holdout_share_bp, month_count, is_measurable, base_rate_basis, base_rate,"
            " eligible_persons_per_month, half_width, minimum_detectable_effect,"
            " needed_persons_per_arm, needed_month_count from marts.rpt_experiment_plan"
            " where shop_id = 'article'"
        ).fetchall()
    }

    assert len(plan) == 9 * 24
    is_measurable, basis, rate, per_month, half, effect, needed, months = plan[5000, 10]
    # Everybody was written to: 33 of 1,020 = 3.235 %. √(0.03235 × 0.96765 × 2/510) = 1.108 points.
    assert (is_measurable, basis, per_month) == (False, "all_eligible", 102)
    assert rate == pytest.approx(33 / 1020)
    # 1.96 × 1.108 = 2.17; 2.8016 × 1.108 = 3.10.
    assert half == pytest.approx(0.0217, abs=5e-5)
    assert effect == pytest.approx(0.0310, abs=5e-5)
    # One point more than 3.235 % takes 5,644 persons per arm by the formula of 1 → 3 %: 769.
    assert needed == 5644
    # 10 × 3.1042² = 96.4 months.
    assert months == 97
    # A tenth held out: √(0.03130 × (1/102 + 1/918)) = 1.847; × 1.96 = 3.62.
    assert plan[1000, 10][4] == pytest.approx(0.0362, abs=5e-5)
    assert not any(row[0] for row in plan.values())


def test_a_trial_gets_persons_not_carts(warehouse):
    per_month = warehouse.execute(
        "select distinct eligible_persons_per_month from marts.rpt_experiment_plan"
        " where shop_id = 'trial'"
    ).fetchall()

    # 61 persons from June to October, five of them with two carts.
    assert per_month == [(pytest.approx(61 / 5),)]


def test_of_200_trials_with_nothing_to_find_one_in_twenty_finds_something(warehouse):
    count, orders, revenue = warehouse.execute(
        "select count(*), count_if(difference_low > 0 or difference_high < 0),"
        " count_if(revenue_difference_low > 0 or revenue_difference_high < 0)"
        " from marts.rpt_incrementality where shop_id = 'aa' and arm_key = 'all'"
    ).fetchone()

    # 10 ± 3.1 of 200; 3 .. 18 hold 99.2 % of all honest worlds.
    assert count == trials.AA_TRIALS
    assert 3 <= orders <= 18
    assert 3 <= revenue <= 18


def incrementality(given: Rows, folder: Path) -> list[tuple]:
    warehouse = marts_of(given, folder=folder, only=["rpt_incrementality"])
    return warehouse.execute("select * from marts.rpt_incrementality order by all").fetchall()


def test_rows_in_another_order_give_the_same_bits(tmp_path):
    given = together(trial.shop(), trials.delays(), trials.popup(), trials.verdict("better"))
    lots = random.Random(7)
    shuffled = {table: lots.sample(list(there), len(there)) for table, there in given.items()}

    first = incrementality(given, tmp_path / "first")

    assert shuffled["orders"] != given["orders"]
    assert len(first) > 15
    assert first == incrementality(shuffled, tmp_path / "second")


def test_amounts_in_another_order_are_resampled_alike():
    bootstrap = script("int_experiments__revenue_bootstrapped")
    held = [f"('a', 'c', 1, 'mail', false, {n}.5, {n + 1})" for n in (0, 1, 2, 3)]
    means = [
        bootstrap.resampled_means(*bootstrap.arms_of(duckdb.sql(
            f"from (values {', '.join(given)}) as t (shop_id, campaign_key, campaign_version,"
            " arm_key, is_holdout, capped_revenue_amount, person_count)"
        )).values(), "seed")
        for given in (held, held[::-1])
    ]  # fmt: skip

    assert means[0].tolist() == means[1].tolist()


def test_a_shop_without_experiments_gets_empty_reports(tmp_path):
    nothing = marts_of({}, folder=tmp_path, only=REPORTS)

    for report in REPORTS:
        assert nothing.execute(f"select count(*) from marts.{report}").fetchone() == (0,)


def test_an_arm_costs_its_amounts_not_its_memory():
    bootstrap = script("int_experiments__revenue_bootstrapped")
    amounts = np.arange(0, 30_000 * 10_000, 10_000)
    held = np.column_stack([amounts, np.ones(len(amounts), dtype=np.int64)])

    means = bootstrap.resampled_means(held, "many")

    # 30,000 amounts: 60 million counts of which four million are held at once. The mean of
    # 0 .. 29,999 is 14,999.5, its standard error 30,000 ÷ √12 ÷ √30,000 = 50.
    assert len(means) == bootstrap.RESAMPLES
    assert means.mean() == pytest.approx(14_999.5, abs=5)
    assert means.std() == pytest.approx(50, abs=3)
