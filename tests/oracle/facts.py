"""Rows of the facts (`fct_`) as they must be. A row names the columns it is compared by."""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from tests.oracle.arms import arms_of, known_arms
from tests.oracle.campaigns import version_of
from tests.oracle.world import World

Fact = dict[str, object]
# The columns that name a row of a mart, and the function that says its rows of one shop.
Mart = tuple[Sequence[str], Callable[[World], list[Fact]]]


def month_of(day: date | None) -> date | None:
    """First day of the month."""
    return None if day is None else day.replace(day=1)


def _on(world: World, instant: datetime | None) -> date | None:
    return None if instant is None else world.shop.on(instant)


def fct_orders(world: World) -> list[Fact]:
    """Every order with what is left of it."""
    return [
        {
            "order_id": order.order_id,
            "person_id": order.person,
            "purchase_no": order.purchase_no,
            "is_sale": order.is_sale,
            "revenue_amount": order.revenue,
            "refunded_amount": order.refunded,
            "currency": world.shop.currency,
            "ordered_at": order.ordered_at,
            "ordered_on": order.ordered_on,
            "ordered_month": month_of(order.ordered_on),
        }
        for order in world.orders
    ]


def fct_cart_episodes(world: World) -> list[Fact]:
    """Every cart, open or closed."""
    products = {str(row["product_id"]): row for row in world.shop["products"]}
    members = world.people.members()
    return [
        {
            "episode_id": cart.episode_id,
            "person_id": cart.person,
            "order_id": cart.order_id,
            "close_reason": cart.close_reason,
            "close_basis": cart.close_basis,
            "stage": cart.stage,
            "device": max(cart.devices, default="unknown"),
            "last_activity_precision": cart.precision,
            "is_member": cart.person in members,
            "is_identified": cart.identified_at is not None,
            "is_abandoned": bool(cart.abandonments),
            "is_running": cart.is_running,
            "abandonment_count": len(cart.abandonments),
            "activity_count": cart.activity_count,
            "item_count": sum(held.quantity > 0 for held in cart.valued.values()),
            "value_amount": cart.value_amount(),
            "value_now_amount": cart.value_now(products),
            "opened_at": cart.opened_at,
            "opened_on": _on(world, cart.opened_at),
            "last_activity_at": cart.last_activity_at,
            "abandoned_at": cart.abandoned_at,
            "abandoned_on": _on(world, cart.abandoned_at),
            "last_abandoned_at": cart.abandonments[-1] if cart.abandonments else None,
            "closed_at": cart.closed_at,
            "closed_on": _on(world, cart.closed_at),
        }
        for cart in world.carts
    ]


def fct_messages(world: World) -> list[Fact]:
    """Every message and what came of it."""
    human, known = {"human"}, {"human", "unknown"}
    reactions, clicks = {"open", "click"}, {"click"}
    return [
        {
            "message_id": m.message_id,
            "person_id": m.person,
            "occurrence_key": m.occurrence,
            "campaign_key": m.campaign[0],
            "step_number": m.step,
            "sent_basis": m.sent_basis,
            "bounce_reason": m.bounce_reason,
            "is_sent": m.is_sent,
            "is_delivery_reported": m.is_delivery_reported,
            "is_delivered": m.is_delivered,
            "is_bounced": m.is_bounced,
            "is_opened": m.is_touched or m.has(reactions, human),
            "is_opened_or_unknown": m.is_touched or m.has(reactions, known),
            "is_clicked": m.is_touched,
            "is_clicked_or_unknown": m.is_touched or m.has(clicks, known),
            "has_machine_reaction": m.has(reactions, {"machine"}),
            "is_unsubscribed": m.happened("unsubscribe"),
            "is_complained": m.happened("complaint"),
            "is_mature": m.is_mature,
            "sent_at": m.sent_at,
            "sent_on": _on(world, m.sent_at),
            "delivered_at": m.delivered_at,
            "touched_at": min((at for at, _ in m.touches), default=None),
            "window_ends_at": m.window_ends_at,
        }
        for m in world.messages
    ]


def fct_recovery_outcomes(world: World) -> list[Fact]:
    """Every abandoned episode in its one terminal state."""
    rows = []
    for one in world.outcomes:
        first = one.recovered[0] if one.state == "recovered" else None
        was_asked = one.handed_over_at is not None or one.held_out_at is not None
        rows.append(
            {
                "episode_id": one.cart.episode_id,
                "person_id": one.cart.person,
                "campaign_key": one.version[0] if one.version else None,
                "campaign_version": one.version[1] if one.version else None,
                "arm_key": one.arm,
                "terminal_state": one.state,
                "terminal_reason": one.reason,
                "terminal_step": first.message.step if first else None,
                "credited_order_id": first.order.order_id if first else None,
                "is_identified": one.reached.is_identified,
                "has_address": one.reached.has_address,
                "has_consent": one.reached.has_consent,
                "is_reachable": was_asked or one.reached.state == "reachable",
                "is_handed_over": bool(one.messages),
                "is_delivered": any(not message.is_lost for message in one.messages),
                "has_ordered_in_window": one.has_ordered_in_window,
                "is_mature": one.is_mature,
                "value_amount": one.cart.value_amount(),
                "recovered_amount": one.recovered_amount if first else None,
                "abandoned_at": one.cart.abandoned_at,
                "abandoned_month": month_of(_on(world, one.cart.abandoned_at)),
                "eligible_at": one.eligible_at,
                "handed_over_at": one.handed_over_at,
            }
        )
    return rows


def fct_arm_assignments(world: World) -> list[Fact]:
    """Every eligible episode's arm."""
    arms = known_arms(world.shop)
    rows = []
    for one in world.assignments:
        arm = arms[one.version].get(one.arm)
        rows.append(
            {
                "campaign_key": one.version[0],
                "campaign_version": one.version[1],
                "occurrence_key": one.occurrence,
                "person_id": one.person,
                "arm_key": one.arm,
                "assignment_basis": one.basis,
                "is_holdout": bool(arm and arm["is_holdout"]),
                "is_contaminated": one.is_contaminated,
                "is_first_eligible": one.eligible_no == 1,
                "eligible_no": one.eligible_no,
                "delay_minutes": arm["delay_minutes"] if arm else None,
                "eligible_at": one.eligible_at,
                "recorded_at": one.recorded_at,
            }
        )
    return rows


def dim_campaign_arms(world: World) -> list[Fact]:
    """Arms with the numbers of the draw that fall into them."""
    rows = []
    for given in arms_of(world.shop).values():
        reached = 0
        for row in given:
            share = int(str(row["share_bp"]))
            rows.append(
                {
                    "campaign_key": version_of(row)[0],
                    "campaign_version": version_of(row)[1],
                    "arm_key": row["arm_key"],
                    "from_bp": reached,
                    "to_bp": reached + share,
                }
            )
            reached += share
    return rows
