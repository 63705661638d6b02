"""Retention: every mart as the oracle has it, the wait for the next order as another library has it."""

import random
from collections import defaultdict
from datetime import UTC, date, timedelta
from math import isnan

import duckdb
import pytest
from lifelines import KaplanMeierFitter

from tests.compiled import failing_checks, marts_of, project
from tests.oracle import retention, retention_customers, retention_waits, shops
from tests.oracle.draw_buyers import buyers
from tests.oracle.facts import Fact
from tests.oracle.marts import difference, said
from tests.oracle.world import World

MARTS = {**retention.MARTS, **retention_customers.MARTS, **retention_waits.MARTS}
FITTED = ("fct_person_values", "rpt_value_models")
SHOPS = 24

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
    **{f"drawn {number}": drawn(number) for number in range(100)},
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
    bounds, median = fitter.confidence_interval_, fitter.median_survival_time_

    rows = curves.get(case, [])

    assert {row["median_days"] for row in rows} <= {None if median == float("inf") else median}
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


def test_a_shop_without_an_order_has_no_curve(curves):
    assert "nobody" not in curves


@pytest.fixture(scope="module")
def generated() -> list[shops.Shop]:
    return [buyers(number) for number in range(SHOPS)]


@pytest.fixture(scope="module")
def worlds(generated) -> dict[str, World]:
    return {made.shop_id: World(made.known()) for made in generated}


@pytest.fixture(scope="module")
def warehouse(generated, tmp_path_factory) -> duckdb.DuckDBPyConnection:
    return marts_of(
        shops.landing(generated),
        folder=tmp_path_factory.mktemp("buyers"),
        only=[*MARTS, *FITTED],
        as_of=shops.AS_OF.replace(tzinfo=UTC),
    )


def one(warehouse: duckdb.DuckDBPyConnection, query: str) -> object:
    (row,) = warehouse.execute(query).fetchall()
    return row[0]


@pytest.mark.parametrize("mart", MARTS)
def test_a_mart_of_buyers_equals_the_oracle(mart, worlds, warehouse):
    expected = {shop_id: MARTS[mart][1](world) for shop_id, world in worlds.items()}
    columns = next(list(rows[0]) for rows in expected.values() if rows)
    built: dict[str, list[Fact]] = defaultdict(list)
    for shop_id, *values in warehouse.execute(
        f"select shop_id, {', '.join(columns)} from marts.{mart}"
    ).fetchall():
        built[shop_id].append(dict(zip(columns, values, strict=True)))

    for shop_id, rows in expected.items():
        found = difference(mart, rows, built[shop_id])
        assert found is None, f"{shop_id}\n{said(found)}"


def test_the_oracle_knows_every_column_of_retention(worlds, warehouse):
    for mart, (_, says) in MARTS.items():
        # The last shops are small ones.
        known = next(set(rows[0]) for rows in map(says, reversed(worlds.values())) if rows)
        built = {row[0] for row in warehouse.execute(f"describe marts.{mart}").fetchall()}

        assert built == known | {"shop_id"}, mart


def test_every_data_test_of_retention_holds(warehouse):
    built = project().with_ancestors([*MARTS, *FITTED])
    checks = [name for name, check in project().checks.items() if set(check.models) <= built]

    assert failing_checks(warehouse, checks) == {}


def test_the_generated_buyers_hold_every_hard_case(generated, worlds, warehouse):
    retained = "from marts.rpt_cohort_retention where"
    held = {
        "limits of a band": "from intermediate.int_persons__status_limits"
        " where limit_basis = 'band'",
        "limits of the shop": "from intermediate.int_persons__status_limits"
        " where limit_basis = 'shop'",
        "fixed limits": "from intermediate.int_persons__status_limits where limit_basis = 'fixed'",
        "known before": "from marts.fct_person_months where is_before_history",
        "partial cell": f"{retained} is_partial",
        "cell of nobody": f"{retained} exposed_person_count = 0",
        "same day": "from marts.rpt_repeat_rate where same_day_share > 0",
        "new with a repeat order": "from marts.rpt_returning_customers where period_key <> 'all'"
        " and customer_count - returning_customer_count > 0"
        " and repeat_order_count > returning_customer_count",
        "week that begins on Sunday": f"{retained} cohort_grain = 'week'"
        " and extract(isodow from cohort_from_on) = 7",
        "ordered before the account": "from intermediate.int_orders__cohort_members as members"
        " inner join intermediate.int_orders__sales as sales on members.shop_id = sales.shop_id"
        " and members.person_id = sales.person_id where cohort_basis = 'registration'"
        " and ordered_on < began_on",
        "first seen visiting after an order": "from intermediate.int_sessions__built as sessions"
        " inner join intermediate.int_orders__sales as sales on sessions.shop_id = sales.shop_id"
        " and sessions.person_id = sales.person_id where sales.purchase_no = 1"
        " and not exists (from intermediate.int_orders__cohort_members as members"
        " where cohort_basis = 'first_visit' and members.shop_id = sales.shop_id"
        " and members.person_id = sales.person_id)",
        "unknown amount": "from marts.fct_person_months where revenue_amount is null",
        "every group of RFM": "from marts.rpt_rfm having count(distinct rfm_group) = 10",
    }

    missing = [name for name, rest in held.items() if not one(warehouse, f"select count(*) {rest}")]

    assert missing == []
    for days in (1, 30, 60, 90, 180, 365):
        assert any(
            (order.ordered_at - sales[0].ordered_at).total_seconds() == days * 86_400
            for world in worlds.values()
            for sales in world.sales.values()
            for order in sales
        ), f"nobody orders exactly {days} days later"


def test_only_the_shop_to_which_a_hundred_came_back_is_foretold(warehouse):
    states = dict(
        warehouse.execute("select shop_id, rate_state from marts.rpt_value_models").fetchall()
    )
    told = "from marts.fct_person_values where alive_rate is not null"

    assert states.pop("b0000") in {"fitted", "at_limit"}
    assert set(states.values()) == {"few_repeaters"}
    assert one(warehouse, f"select count(distinct shop_id) {told}") == 1
    assert one(warehouse, f"select count(*) {told} and expected_orders_365 > 0") > 100
