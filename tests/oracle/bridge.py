"""From the month of leaving to that of sending to that of ordering, and how long it took."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from itertools import pairwise

from tests.oracle.campaigns import cart_campaigns, version_of
from tests.oracle.credit import Credit
from tests.oracle.facts import Fact, month_of
from tests.oracle.periods import periods
from tests.oracle.reports import total
from tests.oracle.steps import quantile
from tests.oracle.world import World

# Key, the month it counts by, the month that takes out again, sign.
LINES = (
    ("abandoned", "abandoned", "", 1),
    ("abandoned_before", "sent", "abandoned", 1),
    ("sent_after", "abandoned", "sent", -1),
    ("sent", "sent", "", 1),
    ("sent_before", "ordered", "sent", 1),
    ("ordered_after", "sent", "ordered", -1),
    ("ordered", "ordered", "", 1),
)
BUCKETS = (0, 1, 3, 6, 12, 24, 48, 96, None)


def of_cart_campaigns(world: World) -> list[Credit]:
    """Credits of campaigns that write about carts."""
    versions = cart_campaigns(world.shop)
    return [c for c in world.credits if version_of(c.message.handed.batch) in versions]


def rpt_recovery_bridge(world: World) -> list[Fact]:
    """Recovered orders by three months, line by line."""
    left = {cart.episode_id: cart.abandoned_at for cart in world.carts}
    groups: dict[str, list[tuple[Credit, dict[str, date | None]]]] = defaultdict(list)
    for credit in of_cart_campaigns(world):
        if not credit.is_recovered:
            continue
        sent = month_of(world.shop.on(credit.message.sent_at))
        left_at = left.get(credit.message.occurrence)
        months = {
            "sent": sent,
            # A cart cut anew is gone under its old id: it stands in the month of its mail.
            "abandoned": sent if left_at is None else month_of(world.shop.on(left_at)),
            "ordered": month_of(credit.order.ordered_on),
        }
        for key in ("all", str(credit.message.campaign[0])):
            groups[key].append((credit, months))
    rows = []
    for period in periods(world.shop):
        for key, given in groups.items():
            for number, (line, basis, other, sign) in enumerate(LINES, 1):
                held = [
                    credit.order
                    for credit, months in given
                    if period.holds(months[basis]) and not period.holds(months.get(other))
                ]
                gross = total([order.gross for order in held]) or Decimal(0)
                revenue = total([order.revenue for order in held]) or Decimal(0)
                rows.append(
                    {
                        "period_key": period.key,
                        "campaign_key": key,
                        "line_number": number,
                        "line_key": line,
                        "order_count": sign * len(held),
                        "gross_amount": sign * gross,
                        "refunded_amount": sign * (gross - revenue),
                        "recovered_amount": sign * revenue,
                    }
                )
    return rows


def rpt_recovery_times(world: World) -> list[Fact]:
    """Hours from sending and from leaving to the order, of messages that are settled."""
    left = {cart.episode_id: cart.abandoned_at for cart in world.carts}
    groups: dict[tuple[str, str, str], list[Decimal]] = defaultdict(list)
    for credit in of_cart_campaigns(world):
        order, message = credit.order, credit.message
        # An order known by its date alone says nothing of hours.
        if not message.is_mature or order.ordered_at != order.ordered_by_at:
            continue
        kind = "recovered" if credit.is_recovered else "self_ordered"
        starts = {"sent": message.sent_at, "abandoned": left.get(message.occurrence)}
        for period in periods(world.shop):
            if not period.holds(month_of(world.shop.on(message.sent_at))):
                continue
            for basis, start in starts.items():
                if start is not None and start <= order.ordered_at:
                    minutes = int((order.ordered_at - start).total_seconds() // 60)
                    groups[period.key, kind, basis].append(Decimal(minutes) / 60)
    rows = []
    for (period_key, kind, basis), hours in groups.items():
        reached = 0
        for number, (low, high) in enumerate(pairwise(BUCKETS), 1):
            count = sum(low <= hour and (high is None or hour < high) for hour in hours)
            reached += count
            rows.append(
                {
                    "period_key": period_key,
                    "order_kind": kind,
                    "measured_from": basis,
                    "bucket_number": number,
                    "from_hours": low,
                    "to_hours": high,
                    "order_count": count,
                    "cumulative_order_count": reached,
                    "total_order_count": len(hours),
                    "first_quartile_hours": quantile(hours, 0.25),
                    "median_hours": quantile(hours, 0.5),
                    "third_quartile_hours": quantile(hours, 0.75),
                    "ninetieth_percentile_hours": quantile(hours, 0.9),
                }
            )
    return rows


def rpt_handoff_delays(world: World) -> list[Fact]:
    """How late messages were handed over."""
    groups: dict[tuple[str, str, int], list[Decimal]] = defaultdict(list)
    for message in world.messages:
        due_at = message.handed.claim["due_at"]
        if due_at is None:
            continue
        seconds = (message.handed.handed_over_at - due_at).total_seconds()
        late = Decimal(max(int(seconds // 60), 0))
        month = month_of(world.shop.on(message.handed.handed_over_at))
        for period in periods(world.shop):
            if period.holds(month):
                key = str(message.campaign[0])
                for place in ((key, message.step), (key, 0), ("all", 0)):
                    groups[period.key, *place].append(late)
    return [
        {
            "period_key": period_key,
            "campaign_key": key,
            "step_number": step,
            "message_count": len(late),
            "hour_late_count": sum(one >= 60 for one in late),
            "median_delay_minutes": quantile(late, 0.5),
            "ninety_fifth_delay_minutes": quantile(late, 0.95),
            "longest_delay_minutes": int(max(late)),
        }
        for (period_key, key, step), late in groups.items()
    ]
