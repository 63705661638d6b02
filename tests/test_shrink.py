"""A difference between SQL and oracle is cut down to the few rows that make it."""

import pytest

from tests.compiled import project
from tests.oracle import shops
from tests.oracle.marts import MARTS
from tests.oracle.world import World
from tests.shrink import KEPT, DiffersError, shrink, told

# Hundreds of small builds.
pytestmark = pytest.mark.slow


def shop_with_a_refund() -> shops.Shop:
    """The first generated shop with a dated refund of a sale that is known, and no undated one."""
    for number in range(100):
        made = shops.shop(number)
        world = World(made.known())
        refunded = {row["order_id"] for row in world.shop["refunds"]}
        if any(row["refunded_amount"] for row in made.tables["orders"]):
            continue
        if any(order.is_sale and order.order_id in refunded for order in world.orders):
            return made
    raise AssertionError("no shop has a refund")


@pytest.fixture(scope="module")
def refund_sign() -> dict[str, str]:
    """SQL in which a refund adds to its order."""
    code = project().models["int_orders__sales"].code
    assert code.count("gross_amount - taken_back_amount") == 1
    return {
        "int_orders__sales": code.replace(
            "gross_amount - taken_back_amount", "gross_amount + taken_back_amount"
        )
    }


def test_a_planted_difference_shrinks_to_an_order_and_its_refund(tmp_path, refund_sign):
    made = shop_with_a_refund()
    before = sum(map(len, made.tables.values()))

    left = shrink(made, "fct_orders", folder=tmp_path, replace=refund_sign)

    assert left is not None
    rows, (oracle, mart) = left
    kept = {table: len(given) for table, given in rows.items() if given and table not in KEPT}
    assert kept == {"orders": 1, "refunds": 1}
    assert before > 30
    assert oracle is not None
    assert mart is not None
    assert oracle["revenue_amount"] < mart["revenue_amount"]
    assert "revenue_amount: oracle" in told(rows, (oracle, mart))
    # The generated shop itself stays whole.
    assert sum(map(len, made.tables.values())) == before


def test_a_shop_that_agrees_has_nothing_to_shrink(tmp_path):
    assert shrink(shops.shop(1), "fct_orders", folder=tmp_path) is None


def test_a_difference_says_which_mart_and_shop():
    made = shops.shop(1)
    row = MARTS["dim_persons"][1](World(made.known()))[0]

    error = DiffersError("dim_persons", made, (row, None))

    assert str(error).startswith(f"dim_persons, shop {made.shop_id}\n")
