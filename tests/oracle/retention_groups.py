"""Customers in three groups."""

from collections import Counter
from collections.abc import Mapping

from tests.oracle.facts import Fact, Mart
from tests.oracle.reports import rate
from tests.oracle.retention_waits import limits, status_of, waits
from tests.oracle.world import World

GROUPS = ("new", "returning", "dormant")


def rpt_customer_groups(world: World) -> list[Fact]:
    """How many are new, come back, or have not for long."""
    told, today = limits(world), world.shop.as_of_on
    counts: Counter[str] = Counter()
    for held in waits(world).values():
        last = held[-1]
        place = (today.replace(day=1), last.band)
        if place not in told:
            continue
        status = status_of(told[place], (today - last.ordered_on).days)
        counts["dormant" if status == "dormant" else GROUPS[last.band != "1"]] += 1
    return [
        {
            "customer_group": group,
            "group_order": GROUPS.index(group) + 1,
            "person_count": count,
            "customer_count": counts.total(),
            "person_share": rate(count, counts.total()),
        }
        for group, count in counts.items()
    ]


MARTS: Mapping[str, Mart] = {
    "rpt_customer_groups": (("customer_group",), rpt_customer_groups),
}
