"""How many people lean to each category, tag and brand."""

from collections import defaultdict

from tests.oracle.behaviour_products import LEAST_PERSONS, fct_person_tendencies, upwards
from tests.oracle.facts import Fact
from tests.oracle.reports import rate
from tests.oracle.world import World


def rpt_person_tendencies(world: World) -> list[Fact]:
    """People by taste, a category's among those of each one above it."""
    categories = {str(row["category_id"]): row for row in world.shop["categories"]}
    judged: dict[str, set[object]] = defaultdict(set)
    people: dict[tuple[str, str], set[object]] = defaultdict(set)
    for fact in fct_person_tendencies(world):
        dimension, value = str(fact["dimension"]), str(fact["dimension_value"])
        judged[dimension].add(fact["person_id"])
        if fact["is_taste"]:
            for one in _with_those_above(world, dimension, value):
                people[dimension, one].add(fact["person_id"])
    rows: list[Fact] = []
    for (dimension, value), found in people.items():
        row = categories.get(value, {}) if dimension == "category" else {}
        above = _with_those_above(world, dimension, value)
        rows.append(
            {
                "dimension": dimension,
                "dimension_value": value,
                "value_name": row.get("category_name") or value,
                "parent_value": row.get("parent_id"),
                "told_value": next(
                    (one for one in above if len(people[dimension, one]) >= LEAST_PERSONS), None
                ),
                "person_count": len(found),
                "judged_person_count": len(judged[dimension]),
                "person_share": rate(len(found), len(judged[dimension])),
            }
        )
    return rows


def _with_those_above(world: World, dimension: str, value: str) -> list[str]:
    """The value and, of a category, those above it, nearest first."""
    return (upwards(world, value) if dimension == "category" else []) or [value]
