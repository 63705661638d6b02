"""Rows of the reports on carts: abandonment, reach, waterfall."""

from collections import Counter, defaultdict
from decimal import Decimal

from tests.oracle.campaigns import Version, version_of
from tests.oracle.episodes import Episode
from tests.oracle.facts import Fact, fct_recovery_outcomes, month_of
from tests.oracle.periods import periods
from tests.oracle.world import World

STATES = (
    "not_identified", "no_address", "no_consent", "suppressed", "no_campaign",
    "self_ordered_before_step_1", "emptied_before_step_1", "gated", "held_out", "not_delivered",
    "recovered", "self_ordered_later", "open", "emptied_later", "lost",
)  # fmt: skip
STAGES = (
    "abandoned", "identified", "has_address", "consented", "not_suppressed", "sent", "delivered",
)  # fmt: skip
BANDS = ((3, "00_03"), (5, "03_05"), (10, "05_10"), (20, "10_20"), (50, "20_50"))


def rate(part: int, whole: int) -> float | None:
    """A quotient, empty where there is nothing to divide by."""
    return part / whole if whole else None


def total(amounts: list[Decimal | None]) -> Decimal | None:
    """Sum of what is known; unknown where nothing is."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None


def rpt_recovery_waterfall(world: World) -> list[Fact]:
    """Every abandoned episode in one state, by period, campaign and what carts are split by."""
    facts = fct_recovery_outcomes(world)
    named = {version_of(row): row["channel"] or "email" for row in world.shop["campaigns"]}
    splits = {
        cart.episode_id: [
            (dimension, value)
            for dimension, value in _dimensions(world, cart)
            if dimension in {"all", "member", "device", "value_band"}
        ]
        for cart in world.carts
    }
    rows = []
    for period in periods(world.shop):
        groups: dict[tuple[object, ...], list[Fact]] = defaultdict(list)
        totals: Counter[tuple[object, ...]] = Counter()
        for fact in facts:
            if not period.holds(fact["abandoned_month"]):
                continue
            of_carts = [*splits[str(fact["episode_id"])], ("channel", _channel(named, fact))]
            for campaign in {"all", fact["campaign_key"]} - {None}:
                for split in of_carts:
                    place = (campaign, *split)
                    groups[*place, fact["terminal_state"], fact["terminal_reason"]].append(fact)
                    totals[place] += 1
        for (campaign, dimension, value, state, reason), held in groups.items():
            rows.append(
                {
                    "period_key": period.key,
                    "campaign_key": campaign,
                    "dimension": dimension,
                    "dimension_value": value,
                    "terminal_state": state,
                    "terminal_reason": reason,
                    "state_order": STATES.index(str(state)) + 1,
                    "episode_count": len(held),
                    "ordered_episode_count": sum(bool(f["has_ordered_in_window"]) for f in held),
                    "value_amount": total([f["value_amount"] for f in held]),
                    "total_episode_count": totals[campaign, dimension, value],
                }
            )
    return rows


def _channel(named: dict[Version, object], fact: Fact) -> object:
    """That of the campaign the cart belongs to."""
    if fact["campaign_key"] is None:
        return "none"
    return named.get((str(fact["campaign_key"]), int(str(fact["campaign_version"]))), "email")


def rpt_reach(world: World) -> list[Fact]:
    """From all abandoned carts to those whose mail arrived; a stage holds what passed all before."""
    facts = [(fact, _stage(fact)) for fact in fct_recovery_outcomes(world)]
    rows = []
    for period in periods(world.shop):
        for number, stage in enumerate(STAGES, 1):
            held = [f for f, last in facts if period.holds(f["abandoned_month"]) and last >= number]
            rows.append(
                {
                    "period_key": period.key,
                    "reach_stage": stage,
                    "stage_order": number,
                    "episode_count": len(held),
                    "person_count": len({f["person_id"] for f in held} - {None}),
                }
            )
    return rows


def _stage(fact: Fact) -> int:
    if fact["is_handed_over"]:
        return 7 if fact["is_delivered"] else 6
    for number, column in ((5, "is_reachable"), (4, "has_consent"), (3, "has_address")):
        if fact[column]:
            return number
    return 2 if fact["is_identified"] else 1


def value_band(amount: Decimal | None, currency: str) -> str:
    """Band of an amount in thousands of yen, or tens of a currency with decimals."""
    if amount is None:
        return "unknown"
    unit = 1000 if currency == "JPY" else 10
    return next((name for below, name in BANDS if amount < below * unit), "50_up")


def rpt_cart_abandonment(world: World) -> list[Fact]:
    """Carts opened, abandoned and closed without an order, by what they are split by."""
    groups: dict[tuple[str, str, str], list[Episode]] = defaultdict(list)
    for period in periods(world.shop):
        for cart in world.carts:
            if period.holds(month_of(world.shop.on(cart.opened_at))):
                for dimension, value in _dimensions(world, cart):
                    groups[period.key, dimension, value].append(cart)
    rows = []
    for (period_key, dimension, value), held in groups.items():
        settled = [cart for cart in held if not cart.is_running]
        left = [cart for cart in held if cart.abandonments]
        closed = [cart for cart in held if cart.close_reason is not None]
        not_ordered = sum(cart.close_reason != "ordered" for cart in closed)
        settled_persons = len({cart.person for cart in settled} - {None})
        left_persons = len({cart.person for cart in left} - {None})
        rows.append(
            {
                "period_key": period_key,
                "dimension": dimension,
                "dimension_value": value,
                "opened_count": len(held),
                "running_count": len(held) - len(settled),
                "settled_count": len(settled),
                "abandoned_count": len(left),
                "closed_count": len(closed),
                "not_ordered_count": not_ordered,
                "settled_person_count": settled_persons,
                "abandoned_person_count": left_persons,
                "abandoned_value_amount": total([cart.value_amount() for cart in left]),
                "abandonment_rate": rate(len(left), len(settled)),
                "not_ordered_rate": rate(not_ordered, len(closed)),
                "person_abandonment_rate": rate(left_persons, settled_persons),
            }
        )
    return rows


def _dimensions(world: World, cart: Episode) -> list[tuple[str, str]]:
    shop = world.shop
    day = shop.on(cart.opened_at)
    # Hours since the day began: one off after the change on the two days clocks change.
    hour = min(int((cart.opened_at - shop.day_start(day)).total_seconds() // 3600), 23)
    is_member = cart.person in world.people.members()
    return [
        ("all", "all"),
        ("member", "member" if is_member else "not_member"),
        ("device", max(cart.devices, default="unknown")),
        ("stage", cart.stage),
        ("value_band", value_band(cart.value_amount(), shop.currency)),
        ("weekday_hour", f"{day.isoweekday()}-{hour:02d}"),
    ]
