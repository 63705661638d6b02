"""How many people the lists of a segment were for, day by day."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from tests.oracle.due import fct_campaign_steps_done
from tests.oracle.facts import Fact, Mart
from tests.oracle.world import World

DAYS = 30


def rpt_segment_days(world: World) -> list[Fact]:
    """Everybody handed over or held out, once a day, for each segment that ever went out."""
    shop, today = world.shop, world.shop.as_of_on
    segments: dict[str, str] = {}
    for row in shop["campaigns"]:
        key, segment = str(row["campaign_key"]), str(row["segment_key"])
        segments[key] = max(segments.get(key, segment), segment)
    segments.setdefault("newsletter", "newsletter")
    people: dict[tuple[str, date], set[object]] = defaultdict(set)
    newest: dict[str, datetime] = {}
    for fact in fct_campaign_steps_done(world):
        found = segments.get(str(fact["campaign_key"]))
        at = fact["done_at"]
        if found is None or not isinstance(at, datetime):
            continue
        people[found, shop.on(at)].add(fact["person_id"])
        newest[found] = max(newest.get(found, at), at)
    return [
        {
            "segment_key": segment,
            "day_on": today - timedelta(days=back),
            "is_running": back == 0,
            "person_count": len(people[segment, today - timedelta(days=back)]),
            "last_done_at": last,
        }
        for segment, last in newest.items()
        for back in range(DAYS)
    ]


MARTS: Mapping[str, Mart] = {
    "rpt_segment_days": (("segment_key", "day_on"), rpt_segment_days),
}
