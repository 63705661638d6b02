"""How a destination's e-mail of the last weeks was received (definitions, section 9)."""

from collections import defaultdict
from datetime import timedelta

from tests.oracle.facts import Fact, Mart
from tests.oracle.messages import Message
from tests.oracle.reports import rate
from tests.oracle.world import World

# Dates that end with the shop's today.
DAYS = timedelta(days=30)


def rpt_deliverability(world: World) -> list[Fact]:
    """Complaints and addresses that do not exist among what was sent."""
    groups: dict[str, list[Message]] = defaultdict(list)
    for message in world.messages:
        is_recent = world.shop.on(message.sent_at) > world.shop.as_of_on - DAYS
        if message.is_sent and message.handed.batch["channel"] == "email" and is_recent:
            groups[str(message.handed.batch["destination"])].append(message)
    rows = []
    for destination, held in groups.items():
        complaints = sum(message.happened("complaint") for message in held)
        bounces = sum(m.is_bounced and m.bounce_reason == "hard_bounce" for m in held)
        rows.append(
            {
                "destination": destination,
                "sent_count": len(held),
                "complaint_count": complaints,
                "hard_bounce_count": bounces,
                "complaint_rate": rate(complaints, len(held)),
                "hard_bounce_rate": rate(bounces, len(held)),
            }
        )
    return rows


MARTS: dict[str, Mart] = {"rpt_deliverability": (("destination",), rpt_deliverability)}
