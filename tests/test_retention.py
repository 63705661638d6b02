"""Retention: the wait for the next order as another library has it, and what must agree agrees."""

import random
from datetime import date, timedelta
from math import isnan

import duckdb
import pytest
from lifelines import KaplanMeierFitter

from tests.compiled import project

TODAY = date(2026, 11, 1)
HORIZON = 365
# Days waited, and whether another order ended the wait; each case is a shop.
Waits = list[tuple[int, bool]]


def drawn(number: int) -> Waits:
    """Up to 60 waits, many of one length, some ended and cut off on one day."""
    draw = random.Random(f"waits {number}")
    longest = draw.choice((3, 20, 400))
    waits = []
    for _ in range(draw.randint(1, 60)):
        is_ended = draw.random() < draw.choice((0.2, 0.8))
        # An order of the same day is the same order day: only who ordered today waits for 0 days.
        waits.append((draw.randint(1 if is_ended else 0, longest), is_ended))
    return waits


CASES: dict[str, Waits] = {
    **{f"drawn {number}": drawn(number) for number in range(200)},
    "ended and cut off on one day": [(5, True), (5, False), (5, False), (9, True)],
    "everybody at once": [(7, True)] * 4,
    "nobody came back": [(3, False), (8, False), (8, False)],
    "one who came back": [(4, True)],
    "one who waits": [(4, False)],
    "ordered today": [(0, False)],
    "today, and one before": [(0, False), (1, True), (2, False)],
    "beyond the horizon": [(400, True), (100, True), (500, False), (365, True), (366, True)],
}


@pytest.fixture(scope="module")
def curves() -> dict[str, list[dict[str, object]]]:
    """The report's rows over the waits of each case, by shop, of all order days together."""
    con = duckdb.connect(":memory:")
    con.execute("create schema intermediate")
    con.execute("create table intermediate.int_run__as_of (shop_id varchar, as_of_on date)")
    con.execute(
        "create table intermediate.int_run__settings (shop_id varchar, interval_horizon_days bigint)"
    )
    con.execute(
        "create table intermediate.int_orders__order_days"
        " (shop_id varchar, order_band varchar, ordered_on date, next_ordered_on date)"
    )
    # A shop nobody has ever bought from stands beside the others.
    for shop in [*CASES, "nobody"]:
        con.execute("insert into intermediate.int_run__as_of values (?, ?)", [shop, TODAY])
        con.execute("insert into intermediate.int_run__settings values (?, ?)", [shop, HORIZON])
    rows = []
    for shop, waits in CASES.items():
        for days, is_ended in waits:
            ordered_on = TODAY - timedelta(days=days + (30 if is_ended else 0))
            rows.append(
                (shop, "1", ordered_on, ordered_on + timedelta(days=days) if is_ended else None)
            )
    con.executemany("insert into intermediate.int_orders__order_days values (?, ?, ?, ?)", rows)
    found = con.execute(
        f"select * from ({project().models['rpt_next_order_survival'].code})"
        " where order_band = 'all' order by shop_id, gap_days"
    ).pl()
    held: dict[str, list[dict[str, object]]] = {}
    for row in found.to_dicts():
        held.setdefault(row["shop_id"], []).append(row)
    return held


@pytest.mark.parametrize("case", CASES)
def test_a_wait_is_estimated_as_lifelines_does(case, curves):
    days, ended = zip(*CASES[case], strict=True)
    fitter = KaplanMeierFitter(alpha=0.05).fit(days, ended)
    table = fitter.event_table
    # lifelines begins at 0 whether anybody was cut off there or not.
    at = [day for day in table.index if table.removed[day] > 0 and day <= HORIZON]
    bounds = fitter.confidence_interval_

    rows = curves.get(case, [])

    assert [row["gap_days"] for row in rows] == at
    for row, day in zip(rows, at, strict=True):
        waiting = fitter.survival_function_.KM_estimate[day]
        assert 1 - row["returned_rate"] == pytest.approx(waiting, abs=1e-9)
        assert row["at_risk_count"] == table.at_risk[day]
        assert row["returned_count"] == table.observed[day]
        assert row["censored_count"] == table.censored[day]
        low, high = bounds.loc[day]
        has_bounds = 0 < waiting < 1 and not isnan(low)
        assert (row["returned_rate_low"] is not None) == has_bounds
        if has_bounds:
            assert 1 - row["returned_rate_low"] == pytest.approx(high, abs=1e-9)
            assert 1 - row["returned_rate_high"] == pytest.approx(low, abs=1e-9)


def test_a_median_is_lifelines_median_or_nobodys(curves):
    for case, waits in CASES.items():
        median = KaplanMeierFitter().fit(*zip(*waits, strict=True)).median_survival_time_
        shown = {row["median_days"] for row in curves.get(case, [])}

        assert shown <= {None if median == float("inf") else median}, case


def test_a_shop_without_an_order_has_no_curve(curves):
    assert "nobody" not in curves
