"""The same period under seven published rules (definitions, section 5)."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from tests.oracle.campaigns import cart_campaigns, version_of
from tests.oracle.credit import goods_of, has_token, is_same_goods
from tests.oracle.effects import rpt_incrementality
from tests.oracle.facts import Fact, month_of
from tests.oracle.messages import Message
from tests.oracle.periods import periods
from tests.oracle.reports import rate, total
from tests.oracle.sales import Order, sales_of_persons
from tests.oracle.world import World

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
# Key, days from the touch, days after sending until a message counts.
RULES = (
    ("link", 0, 7),
    ("click_or_goods_1_day", 1, 8),
    ("click_7_days", 7, 14),
    ("click_30_days", 30, 37),
    ("open_or_click_5_days", 5, 12),
    ("goods_7_days", 7, 7),
)


def rpt_recovery_rules(world: World) -> list[Fact]:
    """Messages, orderers and orders by rule; the seventh is estimated from the holdout."""
    ruled = {m.message_id: dict(_ruled(world, m)) for m in _messages(world)}
    rows = []
    for period in periods(world.shop):
        groups: dict[str, list[Message]] = defaultdict(list)
        for message in _messages(world):
            if period.holds(month_of(world.shop.on(message.sent_at))):
                for key in ("all", str(message.campaign[0])):
                    groups[key].append(message)
        for key, held in groups.items():
            for number, (rule, _, days) in enumerate(RULES, 1):
                mature = [m for m in held if m.sent_at + days * DAY <= world.shop.as_of]
                orders = {o.order_id: o for m in mature for o in ruled[m.message_id][number]}
                rows.append(
                    {
                        "period_key": period.key,
                        "campaign_key": key,
                        "rule_number": number,
                        "rule_key": rule,
                        **_counted(held, mature, list(orders.values())),
                        "extra_orderer_count": None,
                    }
                )
            if period.key == "all":
                rows.append(_estimated(world, key))
    return rows


def _messages(world: World) -> list[Message]:
    versions = cart_campaigns(world.shop)
    return [m for m in world.messages if m.is_sent and version_of(m.handed.batch) in versions]


def _counted(held: list[Message], mature: list[Message], orders: list[Order]) -> Fact:
    return {
        "is_mature": len(mature) == len(held),
        "message_count": len(mature),
        "person_count": len({m.person for m in mature} - {None}),
        "immature_count": len(held) - len(mature),
        "orderer_count": len({order.person for order in orders}),
        "order_count": len(orders),
        "recovered_amount": total([o.revenue for o in orders]) if orders else Decimal(0),
        "order_per_sent_rate": rate(len({o.person for o in orders}), len(mature)),
    }


def _ruled(world: World, message: Message) -> Iterator[tuple[int, list[Order]]]:
    """By rule, the orders it would credit to the message."""
    sales = sales_of_persons(world.orders).get(message.person or "", [])
    token = message.handed.claim["recipient_token"]

    def early(instants: list[datetime]) -> list[datetime]:
        return [at for at in instants if message.sent_at <= at < message.sent_at + WEEK]

    def after(touches: list[datetime], days: int) -> list[Order]:
        return [o for o in sales if any(t <= o.ordered_by_at < t + days * DAY for t in touches)]

    carrying = [
        order.ordered_by_at
        for given in sales_of_persons(world.orders).values()
        for order in given
        if has_token(message, order)
    ]
    visits = [
        event["occurred_at"]
        for event in world.shop["events"]
        if token is not None
        and event["export_token"] == token
        and not event["is_bot"]
        and world.people.of_event(event) is not None
    ]
    read = {
        kind: [e.at for e in message.events if e.kind == kind and e.reader == "human"]
        for kind in ("open", "click")
    }
    clicks = early([*read["click"], *visits, *carrying])
    opens = early(read["open"]) + clicks
    goods = goods_of(world.shop)
    items = world.items_of(message.occurrence)
    same = [order for order in sales if is_same_goods(items, goods[order.order_id])]
    spans = [s for s in world.sessions if token is not None and s.token == token]
    yield (
        1,
        [
            order
            for order in sales
            if order.ordered_by_at in early(carrying)
            or any(
                early([s.started_at]) and s.started_at <= order.ordered_by_at < s.gap_ends_at
                for s in spans
            )
        ],
    )
    near = [o for o in after([message.sent_at], 1) if o in same]
    yield 2, after(clicks, 1) + near
    yield 3, after(clicks, 7)
    yield 4, after(clicks, 30)
    yield 5, after(opens, 5)
    yield 6, [o for o in after([message.sent_at], 7) if o in same]


def _estimated(world: World, key: str) -> Fact:
    versions = cart_campaigns(world.shop)
    effects = [
        row
        for row in rpt_incrementality(world)
        if row["arm_key"] == "all"
        and row["comparison_key"] == "holdout"
        and row["metric_key"] == "order"
        and (row["campaign_key"], row["campaign_version"]) in versions
        and key in {"all", row["campaign_key"]}
    ]
    persons = sum(int(str(row["person_count"])) for row in effects)
    recorded = sum(int(str(row["recorded_person_count"])) for row in effects)
    extra = [row["extra_person_count"] for row in effects if row["extra_person_count"] is not None]
    return {
        "period_key": "all",
        "campaign_key": key,
        "rule_number": 7,
        "rule_key": "holdout",
        "is_mature": bool(effects) and persons == recorded,
        "message_count": None,
        "person_count": persons if effects else None,
        "immature_count": recorded - persons if effects else None,
        "orderer_count": None,
        "order_count": None,
        "recovered_amount": None,
        "order_per_sent_rate": None,
        "extra_orderer_count": float(sum(map(float, map(str, extra)))) if extra else None,
    }
