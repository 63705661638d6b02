"""Orders of a generated shop that are asked about: given back, reviewed, asked about before."""

import random
from datetime import date, datetime, timedelta
from decimal import Decimal

from tests.oracle.draw_campaigns import DAY, HOUR, Account, account, campaign, handed_over, ledger
from tests.oracle.draw_carts import order
from tests.oracle.known import day_start
from tests.oracle.shops import AS_OF, PRODUCTS, Shop

# Of a sequence that began: just now, within the days it is made up for, at their end and after.
SINCE = (0, 0, 1, 1, 2, 3, 4)


def review_request(made: Shop, draw: random.Random) -> None:
    """One campaign or two, buyers, and what was asked and written before."""
    given = campaign(
        made, draw, "review_request", delay=draw.choice((3, 3, 0, 7)) * DAY,
        measured_from=("ordered", "ordered", "shipped", "delivered", "delivered"), later=DAY,
    )  # fmt: skip
    if draw.random() < 0.3:
        campaign(
            made, draw, "review_request", name="more", delay=given.delay + draw.choice((0, 4)) * DAY
        )
    for number in range(draw.choice((2, 3))):
        who = account(made, draw, f"bought{number}")
        day = made.on(AS_OF) - given.delay - draw.choice(SINCE) * DAY
        found = [_asked_about(made, draw, who, day) for _ in range(draw.choice((1, 1, 2, 3)))]
        ledger(made, draw, given, who, str(day + given.delay), day_start(made.zone, day))
        if draw.random() < 0.5:
            _told(made, draw, who, draw.choice(found))


def _told(made: Shop, draw: random.Random, who: Account, bought: dict[str, object]) -> None:
    """A mail of any version has asked about an order, or would have, by that version's rule."""
    version = draw.choice(
        [row for row in made.tables["campaign_steps"]
         if str(row["campaign_key"]).startswith("review_request") and row["step_number"] == 1]
    )  # fmt: skip
    measured = str(version["measured_from"])
    at = bought[f"{measured if measured in {'shipped', 'delivered'} else 'ordered'}_at"]
    if isinstance(at, datetime):
        due_on = made.on(at) + timedelta(minutes=int(str(version["delay_minutes"])))
        handed_over(
            made, str(version["campaign_key"]), int(str(version["campaign_version"])), 1, who,
            str(due_on), at + HOUR, is_held=draw.random() < 0.3,
        )  # fmt: skip


def _asked_about(made: Shop, draw: random.Random, who: Account, day: date) -> dict[str, object]:
    """An order of a day, whose goods may be given back, reviewed, or nobody's to name."""
    customer = str(who["customer_id"])
    at: datetime = day_start(made.zone, day) + draw.choice((0, 2, 2, 23)) * HOUR
    goods = draw.sample((*PRODUCTS[:3], "p:5", "p:6"), draw.choice((0, 1, 2, 4)))
    bought = order(
        made, draw, customer, at - draw.choice((0, 0, 1)) * DAY, goods, source_status="paid",
        cancelled_at=None, shipped_at=draw.choice((None, at)),
        # A later one today is not known yet.
        delivered_at=draw.choice((None, at, at, at + DAY, AS_OF, AS_OF + HOUR)),
    )  # fmt: skip
    lines = [row for row in made.tables["order_items"] if row["order_id"] == bought["order_id"]]
    for line in lines:
        if draw.random() < 0.15:
            line["refunded_quantity"] = Decimal(1)
    if draw.random() < 0.3 and lines:
        by_order = draw.random() < 0.5
        made.add(
            "product_reviews", review_id=f"review:{bought['order_id']}",
            product_id=draw.choice(lines)["product_id"] or "p:1", reviewed_at=AS_OF - HOUR,
            customer_id=None if by_order else customer,
            order_id=bought["order_id"] if by_order else None,
        )  # fmt: skip
    return bought
