"""Of the bugs put into the SQL on purpose, the tests find all but a named few."""

import time
from collections.abc import Collection, Sequence
from datetime import UTC

import duckdb
import pytest

from tests import test_oracle, test_retention
from tests.compiled import marts_of, project, rebuild
from tests.golden import shops as golden_shops
from tests.golden import (
    test_article,
    test_carts,
    test_edges,
    test_outcomes,
    test_segments,
    test_street,
)
from tests.mutations.bugs import BUGS, Bug
from tests.mutations.bugs_behaviour import BEHAVIOUR_BUGS
from tests.mutations.bugs_retention import RETENTION_BUGS
from tests.mutations.bugs_segments import SEGMENT_BUGS
from tests.mutations.judge import broken_check, first_objection
from tests.oracle import shops
from tests.oracle.draw_buyers import buyers
from tests.oracle.marts import MARTS
from tests.oracle.world import World
from tests.shrink import DiffersError

ALL_BUGS = (*BUGS, *BEHAVIOUR_BUGS, *RETENTION_BUGS, *SEGMENT_BUGS)
SHOPS = 100
LEAST_FOUND = 19
# Sentence of a bug no test finds → why nobody would mind. The list may only shrink.
SURVIVORS: dict[str, str] = {}
GOLDEN = [test_carts, test_outcomes, test_edges, test_street, test_article, test_segments]


class Bench:
    """A warehouse in memory to be broken, and who looks at it."""

    def __init__(self, warehouse: duckdb.DuckDBPyConnection) -> None:
        self.warehouse = warehouse

    def tests(self) -> str | None:
        """Which of the tests of these shops is red."""
        raise NotImplementedError

    def objection(self) -> str | None:
        """Who objects to the warehouse as it is: a test, or a data test of dbt."""
        return self.tests() or broken_check(self.warehouse)

    def first_look(self, built: Collection[str]) -> str | None:
        """Who objects to what these models, built anew, hold: asked before everybody else."""
        return None

    def objection_to(self, bug: Bug) -> str | None:
        """Who objects to the warehouse with the bug in it, which is then as before."""
        self.warehouse.execute("begin")
        try:
            built = rebuild(self.warehouse, replace={bug.model: with_bug(bug)})
            return self.first_look(built) or self.objection()
        finally:
            self.warehouse.execute("rollback")


class GoldenBench(Bench):
    """The golden shops, whose figures were computed by hand."""

    def tests(self) -> str | None:
        return first_objection(GOLDEN, {"golden": self.warehouse}, about="golden")


class OracleBench(Bench):
    """Generated shops, of which the oracle knows what every mart must hold."""

    def __init__(
        self, warehouse: duckdb.DuckDBPyConnection, generated: Sequence[shops.Shop]
    ) -> None:
        super().__init__(warehouse)
        worlds = {made.shop_id: World(made.known()) for made in generated}
        self.given = {"generated": generated, "worlds": worlds, "warehouse": warehouse}

    def tests(self) -> str | None:
        return first_objection([test_oracle], self.given, about="warehouse")

    def first_look(self, built: Collection[str]) -> str | None:
        """Name of the first mart built anew that is not what the oracle says."""
        for mart in MARTS:
            if mart in built:
                try:
                    test_oracle.compare(mart, **self.given)
                except DiffersError:
                    return f"{mart} differs from the oracle"
        return None


class BuyersBench(OracleBench):
    """Shops of people who come back, with the marts of retention alone."""

    def tests(self) -> str | None:
        return first_objection([test_retention], self.given, about="warehouse")

    def first_look(self, built: Collection[str]) -> str | None:
        """Nobody: only some of the marts are held to the oracle here."""
        return None

    def objection(self) -> str | None:
        """Its own tests alone: they ask the data tests of the models there are."""
        return self.tests()


def with_bug(bug: Bug) -> str:
    """The model's SQL with the bug. Raises: AssertionError when it has moved on."""
    models = project().models
    assert bug.model in models, f"there is no {bug.model} any more. Rewrite the bug."
    code = models[bug.model].code
    times = code.count(bug.old)
    assert times == 1, f"{bug.model} says {times} times: {bug.old}. Rewrite the bug."
    return code.replace(bug.old, bug.new)


@pytest.fixture(scope="module")
def golden_bench(tmp_path_factory) -> GoldenBench:
    folder = tmp_path_factory.mktemp("golden")
    return GoldenBench(marts_of(golden_shops.landing(), folder=folder))


@pytest.fixture(scope="module")
def oracle_bench(tmp_path_factory) -> OracleBench:
    generated = [shops.shop(number) for number in range(SHOPS)]
    as_of = shops.AS_OF.replace(tzinfo=UTC)
    folder = tmp_path_factory.mktemp("generated")
    return OracleBench(marts_of(shops.landing(generated), folder=folder, as_of=as_of), generated)


@pytest.fixture(scope="module")
def buyers_bench(tmp_path_factory) -> BuyersBench:
    generated = [buyers(number) for number in range(test_retention.SHOPS)]
    warehouse = marts_of(
        shops.landing(generated),
        folder=tmp_path_factory.mktemp("buyers"),
        only=[*test_retention.MARTS, *test_retention.FITTED],
        as_of=shops.AS_OF.replace(tzinfo=UTC),
    )
    return BuyersBench(warehouse, generated)


@pytest.mark.parametrize("bug", ALL_BUGS, ids=lambda bug: bug.sentence)
def test_a_bug_fits_the_sql_it_is_put_into(bug):
    assert with_bug(bug) != project().models[bug.model].code


def test_a_bug_that_fits_nowhere_any_more_is_an_error():
    with pytest.raises(AssertionError, match="says 0 times"):
        with_bug(Bug("fct_orders", "no such text", "", "nothing"))


def test_without_a_bug_nobody_objects(golden_bench):
    assert golden_bench.objection() is None


@pytest.mark.parametrize("bug", BUGS[:5], ids=lambda bug: bug.sentence)
def test_the_golden_shops_find_a_bug(golden_bench, bug):
    assert golden_bench.objection_to(bug) is not None


@pytest.mark.slow
def test_the_tests_find_the_bugs(oracle_bench, golden_bench, buyers_bench):
    benches = (oracle_bench, golden_bench, buyers_bench)
    assert [bench.objection() for bench in benches] == [None, None, None]

    found = {}
    for bug in ALL_BUGS:
        started = time.perf_counter()
        own = (
            (buyers_bench, oracle_bench) if bug in RETENTION_BUGS else (oracle_bench, golden_bench)
        )
        objections = (bench.objection_to(bug) for bench in own)
        found[bug.sentence] = next((said for said in objections if said is not None), None)
        seconds = time.perf_counter() - started
        print(f"{seconds:5.1f} s  {bug.model}: {bug.sentence} → {found[bug.sentence]}")

    survivors = {sentence for sentence, objection in found.items() if objection is None}
    count = len(ALL_BUGS) - len(survivors)
    print(f"{count} of {len(ALL_BUGS)} bugs found; not found: {survivors or 'none'}")
    assert survivors == set(SURVIVORS)
    assert count >= LEAST_FOUND
    assert [bench.objection() for bench in benches] == [None, None, None]
