"""The report on every campaign's steps, from messages and from a mailer's own totals."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

from tests.oracle.audit import newest_reports
from tests.oracle.campaigns import version_of
from tests.oracle.facts import Fact, month_of
from tests.oracle.known import Row, money
from tests.oracle.messages import Message
from tests.oracle.periods import Period, periods
from tests.oracle.reports import rate, total
from tests.oracle.sales import Order
from tests.oracle.world import World

REACTIONS, CLICKS = {"open", "click"}, {"click"}
HUMAN, KNOWN = {"human"}, {"human", "unknown"}
COUNTS = {
    "sent_count": "sent_count",
    "delivered_count": "delivered_count",
    "bounced_count": "bounce_count",
    "opener_count": "open_count",
    "clicker_count": "click_count",
    "orderer_count": "orderer_count",
    "order_count": "order_count",
    "unsubscribe_count": "unsubscribe_count",
    "complaint_count": "complaint_count",
}


def rpt_campaign_steps(world: World) -> list[Fact]:
    """Every campaign: step 0 is the total of steps, arm `all` that of arms."""
    spans = periods(world.shop)
    rows = [*_from_messages(world, spans), *_from_totals(world, spans)]
    for row in rows:
        period = next(span for span in spans if span.key == row["period_key"])
        row |= _rates(row) | {"shop_aov_amount": shop_aov(world, period)}
    return rows


def rpt_recovery_steps(world: World) -> list[Fact]:
    """The same for campaigns about carts, and for totals that name no campaign of ours."""
    carts = {("message", "cart_recovery"), ("totals", "cart_recovery"), ("totals", None)}
    return [
        {column: value for column, value in row.items() if column != "segment_key"}
        for row in rpt_campaign_steps(world)
        if (row["report_grain"], row["segment_key"]) in carts
    ]


def quantile(amounts: list[Decimal], share: float) -> float | None:
    """Linear between the two nearest ranks."""
    if not amounts:
        return None
    ordered = sorted(map(float, amounts))
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def outlier_limit(world: World) -> float | None:
    """Q3 + 3·IQR of the shop's orders in the last 365 days."""
    since = world.shop.as_of - timedelta(days=365)
    amounts = [
        order.revenue
        for order in world.orders
        if order.is_sale and order.revenue is not None and order.ordered_at >= since
    ]
    first, third = quantile(amounts, 0.25), quantile(amounts, 0.75)
    return None if first is None or third is None else third + 3 * (third - first)


def shop_aov(world: World, period: Period) -> float | None:
    """The shop's revenue per order in a period."""
    amounts = [
        order.revenue
        for order in world.orders
        if order.is_sale and order.revenue is not None and period.holds(month_of(order.ordered_on))
    ]
    return float(sum(amounts)) / len(amounts) if amounts else None


def _from_messages(world: World, spans: list[Period]) -> list[Fact]:
    named = {version_of(row): str(row["segment_key"]) for row in world.shop["campaigns"]}
    groups: dict[tuple[object, ...], list[Message]] = defaultdict(list)
    for message in world.messages:
        version = version_of(message.handed.batch)
        month = month_of(world.shop.on(message.sent_at))
        for span in spans:
            if span.holds(month):
                for step in (0, message.step):
                    for arm in ("all", message.handed.claim["arm_key"]):
                        groups[span.key, *version, step, arm, message.is_mature].append(message)
    segments = _segments(world)
    limit = outlier_limit(world)
    credited: dict[str, list[Order]] = defaultdict(list)
    possible: dict[str, list[Order]] = defaultdict(list)
    for credit in world.credits:
        if credit.is_recovered:
            credited[credit.message.message_id].append(credit.order)
        elif credit.possible is not None:
            possible[credit.possible.message_id].append(credit.order)
    rows = []
    for (period_key, key, version, step, arm, is_mature), held in groups.items():
        orders = [order for m in held for order in credited[m.message_id]]
        more = orders + [order for m in held for order in possible[m.message_id]]
        rows.append(
            {
                "period_key": period_key,
                "campaign_key": key,
                "campaign_version": version,
                "step_number": step,
                "arm_key": arm,
                "is_mature": is_mature,
                "segment_key": named.get((str(key), int(str(version))), segments.get(str(key))),
                "report_grain": "message",
                **_counted(held),
                **_spent(orders, limit),
                "orderer_with_unknown_count": len({order.person for order in more}),
                "recovered_with_unknown_amount": total([order.revenue for order in more])
                if more
                else Decimal(0),
            }
        )
    return rows


def _segments(world: World) -> dict[str, str]:
    """What a campaign writes to, whichever version."""
    segments: dict[str, str] = {}
    for row in world.shop["campaigns"]:
        key, segment = str(row["campaign_key"]), str(row["segment_key"])
        segments[key] = max(segments.get(key, segment), segment)
    return segments


def _only_channel(world: World, key: str) -> object:
    """What all versions of a campaign go by; nothing where they differ or there is none."""
    found = {row["channel"] for row in world.shop["campaigns"] if row["campaign_key"] == key}
    return found.pop() if len(found) == 1 else None


def _counted(held: list[Message]) -> Fact:
    sent = [message for message in held if message.is_sent]
    bases = {message.sent_basis for message in held}
    channels = {str(message.handed.batch["channel"]) for message in held}
    touched = {message.message_id for message in sent if message.is_touched}

    def count(kinds: set[str], readers: set[str]) -> int:
        return sum(m.message_id in touched or m.has(kinds, readers) for m in sent)

    is_reported = any(message.is_delivery_reported for message in held)
    return {
        "channel": channels.pop() if len(channels) == 1 else "mixed",
        "sent_basis": bases.pop() if len(bases) == 1 else "mixed",
        "sent_count": len(sent),
        "delivered_count": sum(m.is_delivered for m in sent) if is_reported else None,
        "bounced_count": sum(message.is_bounced for message in held),
        "opener_count": count(REACTIONS, HUMAN),
        "opener_with_unknown_count": count(REACTIONS, KNOWN),
        "clicker_count": len(touched),
        "clicker_with_unknown_count": count(CLICKS, KNOWN),
        "unsubscribe_count": sum(message.happened("unsubscribe") for message in held),
        "complaint_count": sum(message.happened("complaint") for message in held),
    }


def _spent(orders: list[Order], limit: float | None) -> Fact:
    spent: dict[str | None, list[Decimal]] = defaultdict(list)
    for order in orders:
        spent[order.person] += [] if order.revenue is None else [order.revenue]
    sums = [sum(amounts, Decimal(0)) for amounts in spent.values() if amounts]
    usual = [
        [amount for amount in amounts if limit is not None and amount <= limit]
        for amounts in spent.values()
    ]
    usual_sums = [sum(amounts, Decimal(0)) for amounts in usual if amounts]
    known = [order.revenue for order in orders if order.revenue is not None]
    amount = total([order.revenue for order in orders]) if orders else Decimal(0)
    return {
        "orderer_count": len(spent),
        "order_count": len(orders),
        "recovered_amount": amount,
        "median_spend_amount": quantile(sums, 0.5),
        "spend_without_outliers_amount": float(sum(usual_sums)) / len(usual_sums)
        if usual_sums
        else None,
        "top_order_share": float(max(known) / amount) if known and amount else None,
    }


def _from_totals(world: World, spans: list[Period]) -> list[Fact]:
    segments = _segments(world)
    groups: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for report in _single_reports(world):
        first, last = _span(world, report)
        window = timedelta(days=world.shop.settings["recovery_window_days"])
        is_mature = last + window < world.shop.as_of_on
        for span in spans:
            # Totals cannot be cut: they stand in every period that holds all of theirs.
            if span.key == "all" or (span.holds(month_of(first)) and span.holds(month_of(last))):
                step = int(str(report["step_number"] or 0))
                for one in {0, step}:
                    groups[span.key, _campaign(report), one, is_mature].append(report)
    rows = []
    for (period_key, key, step, is_mature), held in groups.items():
        rows.append(
            {
                "period_key": period_key,
                "campaign_key": key,
                "campaign_version": 0,
                "step_number": step,
                "arm_key": "all",
                "is_mature": is_mature,
                "segment_key": segments.get(str(key)),
                "report_grain": "totals",
                "channel": _only_channel(world, str(key)),
                "sent_basis": "mailer",
                "opener_with_unknown_count": None,
                "clicker_with_unknown_count": None,
                "orderer_with_unknown_count": None,
                "recovered_with_unknown_amount": None,
                "median_spend_amount": None,
                "spend_without_outliers_amount": None,
                "top_order_share": None,
                "recovered_amount": _all_known([money(row["recovered_amount"]) for row in held]),
                **{
                    column: _all_known([row[given] for row in held])
                    for column, given in COUNTS.items()
                },
            }
        )
    return rows


def _all_known(values: list[object]) -> object:
    """A line that does not give a count leaves the total of it unknown, not smaller."""
    return None if any(value is None for value in values) else sum(values)


def _campaign(report: Row) -> str:
    return str(report["campaign_key"] or report["provider_campaign_id"])


def _span(world: World, report: Row) -> tuple[date, date]:
    on = world.shop.on(report["as_of_at"])
    return report["period_starts_on"] or on, report["period_ends_on"] or on


def _single_reports(world: World) -> list[Row]:
    """The newest totals of every mailing whose messages nobody knows one by one."""
    known = {message.campaign[0] for message in world.messages}
    reports = [row for row in newest_reports(world) if _campaign(row) not in known]
    of_steps = [
        (_campaign(row), *_span(world, row)) for row in reports if (row["step_number"] or 0) != 0
    ]
    # A line of the whole campaign beside lines of its steps says the same once more.
    return [
        row
        for row in reports
        if (row["step_number"] or 0) != 0
        or not any(
            key == _campaign(row) and _span(world, row)[0] <= last and first <= _span(world, row)[1]
            for key, first, last in of_steps
        )
    ]


def _rates(row: Fact) -> Fact:
    sent, opened, clicked = row["sent_count"], row["opener_count"], row["clicker_count"]
    orderers, amount = row["orderer_count"], row["recovered_amount"]

    def of(part: object, whole: object) -> float | None:
        if part is None or whole is None:
            return None
        return rate(int(str(part)), int(str(whole)))

    is_spent = amount is not None and bool(orderers)
    return {
        "open_rate": of(opened, sent),
        "open_per_delivered_rate": of(opened, row["delivered_count"]),
        "click_to_open_rate": of(clicked, opened),
        "click_through_rate": of(clicked, sent),
        "order_rate": of(orderers, clicked),
        "order_per_sent_rate": of(orderers, sent),
        "unsubscribe_rate": of(row["unsubscribe_count"], sent),
        "complaint_rate": of(row["complaint_count"], sent),
        "spend_per_orderer_amount": float(str(amount)) / int(str(orderers)) if is_spent else None,
    }
