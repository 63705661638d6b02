"""Every mart equals an independent model of it, over many generated shops and one dbt build."""

from collections import Counter, defaultdict
from datetime import UTC, datetime

import duckdb
import pytest

from tests.oracle import shops
from tests.oracle.cohorts import calendar_cohorts, repeat_rates
from tests.oracle.episodes import Episode, episodes
from tests.oracle.persons import People, people
from tests.warehouse import build

SHOPS = 120


@pytest.fixture(scope="module")
def generated() -> list[shops.Shop]:
    return [shops.shop(number) for number in range(SHOPS)]


@pytest.fixture(scope="module")
def warehouse(generated, tmp_path_factory) -> duckdb.DuckDBPyConnection:
    rows = defaultdict(list)
    for made in generated:
        rows["shops"].append({"shop_id": made.shop_id, "timezone": made.zone})
        for table, given in made.tables.items():
            rows[table] += given
    return build(
        rows,
        tmp_path_factory.mktemp("oracle"),
        select="+dim_persons +fct_orders +fct_person_months +int_cart_episodes +rpt_cohort_retention +rpt_repeat_rate",
        as_of=shops.AS_OF.replace(tzinfo=UTC),
    )


def of_shop(made: shops.Shop) -> tuple[People, list[dict], list[dict]]:
    """People, events and sales of one shop, known before the build's instant."""
    tables = made.tables
    events = [
        row for row in tables["events"] if row["occurred_at"] < shops.AS_OF and not row["is_bot"]
    ]
    orders = [row for row in tables["orders"] if row["ordered_at"] < shops.AS_OF]
    found = people(tables["customers"], orders, events)
    given_back = defaultdict(int)
    for refund in tables["refunds"]:
        if refund["refunded_at"] < shops.AS_OF:
            given_back[refund["order_id"]] += refund["refund_amount"]
    sales = [
        row
        for row in orders
        if row["source_status"] == "paid" and given_back[row["order_id"]] < row["total_amount"]
    ]
    return found, events, sales


def representatives(warehouse) -> dict[tuple[str, str], str]:
    """Smallest key of each person's component, by shop and person: the oracle's name for it."""
    names = {}
    for shop_id, key_type, key_value, person_id in warehouse.execute(
        "select shop_id, key_type, key_value, person_id from intermediate.int_persons__keys"
    ).fetchall():
        kind = {"customer": "customer", "guest": "customer", "browser": "browser"}.get(key_type)
        if kind is None:
            continue
        name = f"{kind}:{key_value}"
        names[shop_id, person_id] = min(names.get((shop_id, person_id), name), name)
    return names


def test_the_generated_shops_hold_every_hard_case(generated):
    counts: Counter[str] = Counter()
    for made in generated:
        found, events, sales = of_shop(made)
        carts = episodes(events, sales, made.tables["order_items"], found, as_of=shops.AS_OF)
        counts.update(feature for feature, times in made.features.items() if times)
        counts.update({f"closed_{cart.close_reason}" for cart in carts})
        counts.update({"abandoned_twice" for cart in carts if len(cart.abandonments) > 1})
        counts["daylight_saving"] += made.zone != "Asia/Tokyo"

    print(dict(counts))

    rare = {feature: times for feature, times in counts.items() if times < SHOPS * 0.02}
    assert not rare
    assert {"closed_ordered", "closed_emptied", "closed_expired", "closed_None"} <= set(counts)
    assert {"merged", "shared_browser", "refund", "abandoned_twice"} <= set(counts)


def test_persons_equal_the_oracle(generated, warehouse):
    names = representatives(warehouse)
    for made in generated:
        found, _, _ = of_shop(made)
        expected = set(found.person_of.values())
        built = {name for (shop_id, _), name in names.items() if shop_id == made.shop_id}
        assert built == expected, made.shop_id


def as_row(cart: Episode) -> tuple[object, ...]:
    return (
        cart.person,
        cart.opened_at,
        cart.last_activity_at,
        cart.closed_at,
        cart.close_reason,
        cart.order_id,
        cart.stage,
        bool(cart.abandonments),
        cart.abandonments[0] if cart.abandonments else None,
        cart.abandonments[-1] if cart.abandonments else None,
        len(cart.abandonments),
        cart.value_amount if cart.abandonments else None,
    )


def test_cart_episodes_equal_the_oracle(generated, warehouse):
    names = representatives(warehouse)
    built = defaultdict(list)
    for shop_id, person_id, *row in warehouse.execute(
        """
        select
            shop_id, person_id, opened_at, last_activity_at, closed_at, close_reason, order_id,
            stage, is_abandoned, abandoned_at, last_abandoned_at, abandonment_count,
            case when is_abandoned then value_amount end
        from intermediate.int_cart_episodes
        """
    ).fetchall():
        built[shop_id].append((names[shop_id, person_id], *row))
    for made in generated:
        found, events, sales = of_shop(made)
        carts = episodes(events, sales, made.tables["order_items"], found, as_of=shops.AS_OF)
        expected = sorted(map(as_row, carts), key=repr)
        assert sorted(built[made.shop_id], key=repr) == expected, made.shop_id


def test_cohorts_and_repeat_rates_equal_the_oracle(generated, warehouse):
    cohorts = defaultdict(dict)
    for shop_id, month, variant, period, *counts in warehouse.execute(
        """
        select
            shop_id, cohort_month, variant, period_number, cohort_person_count,
            exposed_person_count, retained_person_count
        from marts.rpt_cohort_retention
        where cohort_grain = 'month' and period_unit = 'calendar_month' and exposed_person_count > 0
        """
    ).fetchall():
        cohorts[shop_id][month, variant, period] = tuple(counts)
    repeats = defaultdict(dict)
    for shop_id, step, days, *counts in warehouse.execute(
        """
        select shop_id, from_order_no, within_days, eligible_person_count, repeated_person_count
        from marts.rpt_repeat_rate
        where period_key = 'all' and eligible_person_count > 0
        """
    ).fetchall():
        repeats[shop_id][step, days] = tuple(counts)
    for made in generated:
        found, _, sales = of_shop(made)
        by_person: dict[str, list[tuple[object, datetime]]] = defaultdict(list)
        for order in sales:
            person = found.of_order(order)
            if person is not None:
                by_person[person].append((order["ordered_on"], order["ordered_at"]))
        as_of_on = made.on(shops.AS_OF)
        expected = calendar_cohorts(
            {person: [on for on, _ in given] for person, given in by_person.items()},
            as_of_on=as_of_on,
        )
        assert cohorts[made.shop_id] == expected, made.shop_id
        rates = repeat_rates(by_person, as_of=shops.AS_OF)
        assert repeats[made.shop_id] == {k: v for k, v in rates.items() if v[0]}, made.shop_id
