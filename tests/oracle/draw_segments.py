"""People for the segments of a generated shop: days hit exactly, sums that just come to a tier."""

import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal

from tests.oracle.cohorts import month_day_later
from tests.oracle.draw_campaigns import (
    DAY,
    HOUR,
    account,
    campaign,
    ledger,
    steps,
)
from tests.oracle.draw_carts import event, order
from tests.oracle.draw_reviews import SINCE, review_request
from tests.oracle.known import day_start
from tests.oracle.segments import second_purchase_age
from tests.oracle.shops import AS_OF, PRODUCTS, Shop
from tests.oracle.snapshots import hashed
from tests.oracle.world import World

MONTHS = 3
PEOPLE = (2, 3)
TIER = 50_000
# Amounts up to the crossing: exactly there, just below, above by refunded money, by one order.
SPENT = (
    (30_000, 20_000), (30_000, 19_999), (40_000, 30_000), (50_000,), (20_000, 50_000),
    (55_000, 5_000), (50_000, 50_000),
)  # fmt: skip
APART = (2 * HOUR, 20 * DAY, 364 * DAY, 365 * DAY, 366 * DAY)


def segments(made: Shop, draw: random.Random) -> None:
    """Facts of the shop, and campaigns with their people, each in some shops."""
    made.facts = {
        "ships_within_hours": draw.choice((None, 24)),
        "warranty_months": draw.choice((None, 12)),
        "shipping_fee_amount": draw.choice((None, Decimal(500))),
        "free_shipping_from_amount": draw.choice((None, Decimal(1000), Decimal(9000))),
    }
    made.tables["shops"][0].update(made.facts)
    months = random.Random(f"look back {made.shop_id}").choice((None,) * 8 + (1, 6))
    if months is not None:
        made.add("shop_thresholds", threshold_key="look_back_months", threshold_value=months)
    for segment, drawn in DRAWN.items():
        if draw.random() < SHARES.get(segment, 0.25):
            drawn(made, draw)
    for row in made.tables["campaigns"]:
        if row["segment_key"] == "newsletter":
            key, version = str(row["campaign_key"]), int(str(row["campaign_version"]))
            steps(made, draw, key, version, delay=timedelta(0), measured_from="qualified")


def _delay(draw: random.Random, *days: int) -> timedelta:
    return draw.choice(days) * DAY


def _winback(made: Shop, draw: random.Random) -> None:
    months = MONTHS
    if draw.random() < 0.3:
        months = draw.choice((1, 2, 4))
        made.add("shop_thresholds", threshold_key="winback_months", threshold_value=months)
    # Seven weeks after it the last days of a month may have been the day.
    given = campaign(made, draw, "winback", delay=_delay(draw, 0, 0, 2, 50, 50))
    for number in range(draw.choice(PEOPLE)):
        days = [made.on(AS_OF) - given.delay - since * DAY for since in (*SINCE, -1)]
        ends = [day for day in days if day.day == 30]
        day = draw.choice(ends if ends and draw.random() < 0.7 else days)
        earlier = [day - n * DAY for n in range(25, 130)]
        found = [one for one in earlier if month_day_later(one, months) == day]
        if not found:
            continue
        seen_on = max(found) if draw.random() < 0.7 else draw.choice(found)
        seen_at = day_start(made.zone, seen_on) + draw.choice((timedelta(0), HOUR, 9 * HOUR))
        who = account(made, draw, f"asleep{number}", is_member=True, last_login_at=seen_at)
        ledger(made, draw, given, who, str(seen_on), day_start(made.zone, day))


def _birthday(made: Shop, draw: random.Random) -> None:
    # Till the first of a month, and till the end of the next February.
    lead = draw.choice((0, 7, 12, 254, 254))
    given = campaign(made, draw, "birthday", delay=_delay(draw, 0, 0, 1), lead_days=lead)
    for number in range(draw.choice(PEOPLE)):
        days = [made.on(AS_OF) + lead * DAY - given.delay - since * DAY for since in SINCE]
        ends = [day for day in days if day.day == 1 or (day.month, day.day) == (2, 28)]
        day = draw.choice(ends if ends and draw.random() < 0.7 else days)
        month, of_month = day.month, day.day
        if (month, of_month) == (2, 28) and draw.random() < 0.7:
            of_month = 29
        who = account(
            made, draw, f"born{number}", birth_month=month,
            birth_day=None if of_month == 1 and draw.random() < 0.7 else of_month,
            customer_rank=draw.choice((None, "gold")),
        )  # fmt: skip
        ledger(made, draw, given, who, str(day.year), day_start(made.zone, day - lead * DAY))


def _welcome(made: Shop, draw: random.Random) -> None:
    given = campaign(made, draw, "welcome", delay=_delay(draw, 0, 1))
    for number in range(draw.choice(PEOPLE)):
        at = AS_OF - given.delay - draw.choice((-1, 0, 1, 23, 50, 72)) * HOUR
        who = account(made, draw, f"new{number}", is_member=True, registered_at=at)
        if draw.random() < 0.2:
            order(made, draw, str(who["customer_id"]), at + HOUR, [], source_status="paid")
        ledger(made, draw, given, who, str(made.on(at)), at)


def _second_purchase(made: Shop, draw: random.Random) -> None:
    age: int | None = 30
    if draw.random() < 0.6:
        made.add("shop_thresholds", threshold_key="second_purchase_days", threshold_value=age)
    else:
        age = second_purchase_age(World(made.known()))
    given = campaign(made, draw, "second_purchase", delay=_delay(draw, 0, 0, 3))
    for number in range(draw.choice(PEOPLE) if age is not None else 0):
        begins = made.on(AS_OF) - given.delay - draw.choice(SINCE) * DAY
        who = account(made, draw, f"once{number}")
        goods = draw.sample((*PRODUCTS[:3], "p:5"), draw.choice((1, 2)))
        at = day_start(made.zone, begins - (age or 0) * DAY) + draw.choice((0, 5, 11)) * HOUR
        for product in PRODUCTS[:3]:
            event(
                made, at, f"b:once{number}", str(who["customer_id"]), "Product Viewed",
                product_id=product,
            )  # fmt: skip
        bought = order(
            made, draw, str(who["customer_id"]), at, goods, source_status="paid", cancelled_at=None
        )
        if draw.random() < 0.2:
            order(made, draw, str(who["customer_id"]), at + draw.choice((HOUR, 9 * DAY)), goods)
        ledger(
            made, draw, given, who, str(bought["order_id"]), day_start(made.zone, begins)
        )  # fmt: skip


def _spend_tier(made: Shop, draw: random.Random) -> None:
    basis = draw.choice(("lifetime", "rolling_365d", "single_order"))
    given = campaign(
        made, draw, "spend_tier", delay=_delay(draw, 0, 0, 1), from_amount=Decimal(TIER),
        amount_basis=basis,
    )  # fmt: skip
    for number in range(draw.choice(PEOPLE)):
        at = AS_OF - given.delay - draw.choice((0, 1, 24, 50, 72)) * HOUR
        who = account(made, draw, f"spends{number}", is_member=draw.random() < 0.9)
        amounts = draw.choice(SPENT)
        apart = draw.choice(APART if basis != "rolling_365d" else APART[2:])
        for place, amount in enumerate(reversed(amounts)):
            spent = order(
                made, draw, str(who["customer_id"]), at - place * apart, [], source_status="paid",
                goods_amount=Decimal(amount), total_amount=Decimal(amount),
                paid_amount=Decimal(amount), currency=made.currency, cancelled_at=None,
            )  # fmt: skip
            if amount == 40_000 and draw.random() < 0.5:
                made.add(
                    "refunds", refund_id=f"r:{spent['order_id']}-part", order_id=spent["order_id"],
                    refunded_at=AS_OF - HOUR, refund_amount=Decimal(draw.choice((20_000, 20_001))),
                )  # fmt: skip
        ledger(made, draw, given, who, f"{TIER}.0000", at)


def _new_arrival(made: Shop, draw: random.Random) -> None:
    given = campaign(made, draw, "new_arrival", delay=_delay(draw, 0, 13))
    for row in made.tables["customers"]:
        if draw.random() < 0.3:
            day = made.on(AS_OF) - draw.choice((0, 13)) * DAY
            ledger(made, draw, given, row, str(day), day_start(made.zone, day))


def _browse(made: Shop, draw: random.Random) -> None:
    given = campaign(made, draw, "browse_recovery", delay=_delay(draw, 0, 0, 1))
    has_crowd = any(row["email_hash"] == "hash-c0" for row in made.tables["customers"])
    for number in range(draw.choice(PEOPLE)):
        at = AS_OF - given.delay - DAY - draw.choice((-2, 0, 1, 20, 71, 72)) * HOUR
        who = account(made, draw, f"looks{number}")
        first = f"e:{made.number('events'):04d}"
        begins = at - draw.choice((timedelta(0), timedelta(minutes=10)))
        goods = draw.sample((*PRODUCTS[:3], "p:5", "p:6", "p:7", "p:8"), draw.choice((1, 2, 7)))
        if draw.random() < (0.6 if has_crowd else 0.1):
            # What nobody can buy any more, of a category that may have bestsellers.
            goods = ["p:8"] * 3
        act = "Product Viewed" if len(goods) > 1 else "Product Added to Wishlist"
        event(made, begins, f"b:looks{number}", str(who["customer_id"]), "Signed In")
        for product in goods:
            event(
                made, at, f"b:looks{number}", str(who["customer_id"]), act, product_id=product
            )  # fmt: skip
        ledger(made, draw, given, who, hashed(made.shop_id, first), at + DAY)


def _high_motivation(made: Shop, draw: random.Random) -> None:
    given = campaign(made, draw, "high_motivation", delay=draw.choice((timedelta(0), HOUR)))
    who = account(made, draw, "doubts")
    at = AS_OF - draw.choice((1, 3, 20)) * HOUR
    acts = ["Checkout Started", *["Product Viewed"] * 3, "Product Image Viewed"]
    if draw.random() < 0.4:
        # With a cart left open the doubt lasts longer.
        acts.append("Product Added")
    for number, act in enumerate(acts):
        event(
            made, at - number * timedelta(minutes=2), "b:doubts", str(who["customer_id"]), act,
            product_id=None if act == "Checkout Started" else "p:1",
            quantity=Decimal(1) if act == "Product Added" else None,
        )  # fmt: skip
    for days in (2, 3):
        event(made, at - days * DAY, "b:doubts", str(who["customer_id"]), "Checkout Started")
    ledger(made, draw, given, who, str(made.on(at)), at)


def _sold_out(made: Shop, draw: random.Random) -> None:
    """A cart of the last hours in which lies what nobody can buy any more."""
    customer = str(account(made, draw, "late")["customer_id"])
    at = AS_OF - draw.choice((timedelta(minutes=70), 3 * HOUR, 20 * HOUR))
    event(made, at, "b:late", customer, "Signed In")
    event(
        made, at, "b:late", customer, "Product Added", product_id="p:8", quantity=Decimal(1),
        price_amount=Decimal(2000),
    )  # fmt: skip


def _paired(made: Shop, draw: random.Random) -> None:
    """A guest with two orders, whose browser meets what goes with the last."""
    who = account(made, draw, "paired", is_member=False)
    for days in (40, 4):
        bought = order(
            made, draw, str(who["customer_id"]), AS_OF - days * DAY, list(PRODUCTS[:3]),
            source_status="paid", cancelled_at=None,
        )  # fmt: skip
        event(
            made, AS_OF - days * DAY, "b:paired", None, "Order Completed",
            order_id=bought["order_id"],
        )  # fmt: skip
    for rank, product in enumerate(("p:5", "p:6", "p:7"), 1):
        made.add(
            "product_relations", product_id="p:2", related_id=product,
            relation_kind="coordinate", relation_rank=rank,
        )  # fmt: skip


def _newsletter(made: Shop, draw: random.Random) -> None:
    made.add(
        "campaigns", campaign_key="weekly", campaign_version=1, segment_key="newsletter",
        channel="email", purpose="marketing", is_active=draw.random() < 0.7, salt="weekly",
        recovery_window_days=7, eligibility_hours=24,
    )  # fmt: skip


DRAWN: Mapping[str, Callable[[Shop, random.Random], None]] = {
    "winback": _winback,
    "birthday": _birthday,
    "welcome": _welcome,
    "second_purchase": _second_purchase,
    "spend_tier": _spend_tier,
    "new_arrival": _new_arrival,
    "browse_recovery": _browse,
    "high_motivation": _high_motivation,
    "review_request": review_request,
    "newsletter": _newsletter,
    "onsite_coordinate": _paired,
    "cart_recovery": _sold_out,
}
# A newsletter of the shop's own stands in some shops already.
SHARES = {
    "newsletter": 0.18, "onsite_coordinate": 0.12, "cart_recovery": 0.1, "birthday": 0.3,
    "review_request": 0.35, "spend_tier": 0.4, "second_purchase": 0.35, "new_arrival": 0.5,
    "browse_recovery": 0.3,
}  # fmt: skip
