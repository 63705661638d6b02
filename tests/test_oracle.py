"""Every mart equals an independent model of it, over many generated shops and one dbt build."""

import ast
import resource
import shutil
from collections import Counter, defaultdict
from datetime import UTC
from pathlib import Path

import duckdb
import pytest

from pipelines.settings import DBT_PROJECT
from tests.compiled import failing_checks, marts_of, project
from tests.oracle import segment_marts, shops
from tests.oracle.effects import pairs
from tests.oracle.facts import Fact
from tests.oracle.features import ALL, features
from tests.oracle.marts import MARTS, difference, relation_of, said
from tests.oracle.spending import brought, revenue_brackets, revenue_cap
from tests.oracle.world import World
from tests.shrink import DiffersError, columns_of
from tests.warehouse import build

# `make test` builds the first of them, .ci/run all, `make test-deep` ten times as many in memory.
FEW_SHOPS = 100
SHOPS = 500
DEEP_SHOPS = 5000
# A hard case that fewer shops hold than this is not tested, only hoped for.
LEAST_SHARE = 0.02
AS_OF = shops.AS_OF.replace(tzinfo=UTC)
# Folders whose every fact and report the oracle must know.
MODELLED = (
    "marts/campaigns", "marts/cart_recovery", "marts/core", "marts/experiments", "marts/feeds",
    "marts/quality", "marts/retention", "segments",
)  # fmt: skip
# Of the dimensions most hold what a file says; the visitors of a feed are worked out.
KINDS = ("fct_*.sql", "rpt_*.sql", "seg_*.sql", "feed_*.sql", "dim_visitors.sql")
EXEMPT = {
    "fct_published_cells": "says what earlier builds published: tests/test_restatements.py",
    "fct_person_timeline": "puts other marts' rows in one order, counts nothing: its own unit tests",
    "fct_person_values": "is fitted; held to the published digits: tests/test_values.py",
    "rpt_value_models": "is fitted; held to the published digits: tests/test_values.py",
    "rpt_batches": "lists the books of landing and counts nothing: its own unit test",
    "rpt_rejected_rows": "lists what landing refused and counts nothing: its own unit tests",
    "rpt_shop_screen_months": "no generated shop has a screen: its own unit tests",
    "rpt_retention_what_if": "no generated shop has a year behind it: its own unit test",
    "rpt_restatements": "compares two builds of one shop: tests/test_restatements.py",
}
FORBIDDEN = {"pipelines", "dashboards", "duckdb", "polars", "dbt", "pandas", "numpy", "scipy"}


@pytest.fixture(scope="module", params=[FEW_SHOPS, pytest.param(SHOPS, marks=pytest.mark.slow)])
def generated(request) -> list[shops.Shop]:
    return [shops.shop(number) for number in range(request.param)]


@pytest.fixture(scope="module")
def worlds(generated) -> dict[str, World]:
    return {made.shop_id: World(made.known()) for made in generated}


@pytest.fixture(scope="module")
def warehouse(generated, tmp_path_factory) -> duckdb.DuckDBPyConnection:
    """Built by dbt itself where there is time for it: tests/test_compiled.py holds the two equal."""
    landing, folder = shops.landing(generated), tmp_path_factory.mktemp("oracle")
    if len(generated) == FEW_SHOPS:
        built = marts_of(landing, folder=folder, only=[*MARTS], as_of=AS_OF)
        known = project().with_ancestors(MARTS)
        checks = [
            name for name, check in project().checks.items() if known.issuperset(check.models)
        ]
        assert failing_checks(built, checks) == {}
        return built
    return build(landing, folder, select=" ".join(f"+{mart}" for mart in MARTS), as_of=AS_OF)


def compare(
    mart: str,
    generated: list[shops.Shop],
    worlds: dict[str, World],
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    """Raises: DiffersError with the first shop whose rows of a mart differ, and both rows."""
    says = MARTS[mart][1]
    columns = columns_of(mart)
    built: dict[str, list[Fact]] = defaultdict(list)
    for shop_id, *values in warehouse.execute(
        f"select shop_id, {', '.join(columns)} from {relation_of(mart)}"
    ).fetchall():
        built[shop_id].append(dict(zip(columns, values, strict=True)))
    for made in generated:
        found = difference(mart, says(worlds[made.shop_id]), built[made.shop_id])
        if found is not None:
            raise DiffersError(mart, made, found)


@pytest.mark.parametrize("mart", MARTS)
def test_a_mart_equals_the_oracle(mart, generated, worlds, warehouse):
    compare(mart, generated, worlds, warehouse)


def test_every_fact_report_segment_and_feed_is_compared():
    models = DBT_PROJECT / "models"
    written = {
        file.stem
        for folder in MODELLED
        for kind in KINDS
        for file in models.glob(f"{folder}/{kind}")
    }

    assert len(written) > 60
    assert written - set(MARTS) - set(EXEMPT) == set()
    assert set(EXEMPT).isdisjoint(MARTS)


@pytest.mark.parametrize("mart", segment_marts.MARTS)
def test_of_a_segment_or_feed_every_column_is_compared(mart, warehouse):
    built = [row[0] for row in warehouse.execute(f"describe {relation_of(mart)}").fetchall()]

    assert sorted([*columns_of(mart), "shop_id"]) == sorted(built)


def test_revenue_intervals_lie_where_another_bootstrap_puts_them(worlds, warehouse):
    found = revenue_intervals(warehouse)
    judged = 0
    for shop_id, world in worlds.items():
        cap = revenue_cap(world)
        for pair in pairs(world):
            if pair.metric != "order":
                continue
            row = (shop_id, *pair.trial.version, pair.comparison, pair.arm)
            low, high = found.pop(row)
            sides = (pair.held, pair.baseline or [])
            brackets = revenue_brackets(*sides, cap)
            if brackets is None or any(brought(side, cap) is None for side in sides):
                assert (low, high) == (None, None), row
                continue
            judged += 1
            for end, (least, most) in zip((low, high), brackets, strict=True):
                assert least - 1e-6 <= end <= most + 1e-6, row

    assert not found
    assert judged >= len(worlds) // 10


def revenue_intervals(
    warehouse: duckdb.DuckDBPyConnection,
) -> dict[tuple[object, ...], tuple[float | None, float | None]]:
    """Ends of the difference of revenue per person, by shop, trial, comparison and arm."""
    rows = warehouse.execute(
        """
        select
            shop_id, campaign_key, campaign_version, comparison_key, arm_key,
            revenue_difference_low, revenue_difference_high
        from marts.rpt_incrementality
        where metric_key = 'order'
        """
    ).fetchall()
    return {tuple(row[:5]): (row[5], row[6]) for row in rows}


def test_the_oracle_imports_nothing_it_judges():
    for file in sorted((Path(__file__).parent / "oracle").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                top, _, rest = name.partition(".")
                assert top not in FORBIDDEN, f"{file.name} imports {name}"
                assert top != "tests" or rest.startswith("oracle"), f"{file.name} imports {name}"


def test_enough_shops_hold_every_hard_case(generated, worlds, record_property):
    held = Counter(name for made in generated for name in features(made, worlds[made.shop_id]))
    counts = ", ".join(f"{name} {held[name]}" for name in sorted(ALL))
    record_property("measured", f"Shops of {len(generated)} that hold: {counts}")

    rare = {name: held[name] for name in ALL if held[name] < len(generated) * LEAST_SHARE}
    assert not rare


def test_a_shop_is_always_drawn_the_same():
    assert shops.shop(7).tables == shops.shop(7).tables


def test_a_difference_names_the_columns_and_both_rows():
    cart = {"episode_id": "e1", "stage": "cart", "value_amount": 1.0}
    found = difference("fct_cart_episodes", [cart], [{**cart, "stage": "checkout"}])

    assert found == (cart, {**cart, "stage": "checkout"})
    assert said(found).endswith("stage: oracle cart, mart checkout")
    assert difference("fct_cart_episodes", [cart], [{**cart, "value_amount": 1 + 1e-12}]) is None
    # 2.5 in the tenth digit: cut to nine, its two neighbours differ.
    tie = 0.4654296875
    below, above = ({**cart, "value_amount": tie + way * 1e-16} for way in (-1, 1))
    assert difference("fct_cart_episodes", [below], [above]) is None
    assert (
        difference("fct_cart_episodes", [below], [{**above, "value_amount": 0.46543}]) is not None
    )
    assert difference("fct_cart_episodes", [cart], []) == (cart, None)
    assert difference("fct_cart_episodes", [cart], [dict(reversed(cart.items()))]) is None


@pytest.mark.deep
def test_thousands_of_shops_equal_the_oracle(tmp_path, record_property):
    for start in range(SHOPS, DEEP_SHOPS, SHOPS):
        generated = [shops.shop(number) for number in range(start, start + SHOPS)]
        worlds = {made.shop_id: World(made.known()) for made in generated}
        warehouse = marts_of(
            shops.landing(generated), folder=tmp_path / str(start), only=[*MARTS], as_of=AS_OF
        )
        for mart in MARTS:
            compare(mart, generated, worlds, warehouse)
        test_revenue_intervals_lie_where_another_bootstrap_puts_them(worlds, warehouse)
        warehouse.close()
        shutil.rmtree(tmp_path / str(start))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    record_property(
        "measured",
        f"Shops {SHOPS} to {DEEP_SHOPS} equal the oracle in {len(MARTS)} marts; at most {peak:.0f} MB",
    )
