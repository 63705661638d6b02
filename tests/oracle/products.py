"""Goods left behind and where the checkout is left (definitions, section 4)."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from tests.oracle.episodes import Episode, Held
from tests.oracle.facts import Fact, month_of
from tests.oracle.periods import periods
from tests.oracle.reports import rate, total
from tests.oracle.sales import sales_of_persons
from tests.oracle.world import World

STEPS = ("cart", "checkout", "details", "payment", "ordered")


def rpt_cart_products(world: World) -> list[Fact]:
    """What lay in abandoned carts, and whether it was bought after all."""
    shop = world.shop
    known = {str(row["product_id"]): row for row in shop["products"]}
    groups: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    for left in _left_behind(world):
        for period in periods(shop):
            if period.holds(left["month"]):
                groups[period.key, str(left["product_key"])].append(left)
    rows = []
    for (period_key, product), held in groups.items():
        mature = [left for left in held if left["is_mature"]]
        bought = sum(bool(left["is_bought_in_window"]) for left in mature)
        row = known.get(product)
        rows.append(
            {
                "period_key": period_key,
                "product_key": product,
                "is_in_catalogue": row is not None,
                "is_purchasable": row is not None
                and row["product_state"] == "published"
                and not (
                    row["stock_policy"] == "tracked"
                    and row["stock_quantity"] is not None
                    and row["stock_quantity"] <= 0
                ),
                "cart_count": len(held),
                "person_count": len({left["person_id"] for left in held} - {None}),
                "mature_cart_count": len(mature),
                "bought_in_window_count": bought,
                "bought_count": sum(bool(left["is_bought"]) for left in held),
                "quantity": total([left["quantity"] for left in held]),
                "value_amount": total([left["value_amount"] for left in held]),
                "bought_in_window_rate": rate(bought, len(mature)),
            }
        )
    return rows


def _left_behind(world: World) -> list[Fact]:
    lines: dict[object, set[object]] = defaultdict(set)
    for line in world.shop["order_items"]:
        lines[line["order_id"]] |= {line["product_id"], line["sku"]} - {None}
    sales = sales_of_persons(world.orders)
    window = timedelta(days=world.shop.settings["recovery_window_days"])
    found = []
    for cart in world.carts:
        if cart.abandoned_at is None:
            continue
        left: dict[str, list[Held]] = defaultdict(list)
        for held in cart.valued.values():
            if held.quantity > 0 and (held.product or held.sku):
                left[str(held.product or held.sku)].append(held)
        for product, items in left.items():
            bought = [
                order.ordered_by_at
                for order in sales.get(cart.person or "", ())
                if product in lines[order.order_id] and order.ordered_by_at >= cart.abandoned_at
            ]
            ends_at = cart.abandoned_at + window
            found.append(
                {
                    "product_key": product,
                    "person_id": cart.person,
                    "month": month_of(world.shop.on(cart.abandoned_at)),
                    "is_mature": ends_at <= world.shop.as_of,
                    "is_bought": bool(bought),
                    "is_bought_in_window": any(at < ends_at for at in bought),
                    "quantity": sum((held.quantity for held in items), Decimal(0)),
                    "value_amount": total(
                        [None if h.price is None else h.quantity * h.price for h in items]
                    ),
                }
            )
    return found


def rpt_form_errors(world: World) -> list[Fact]:
    """Fields that settled carts met errors in, and how many of these carts were ordered after all."""
    carts = {cart.episode_id: cart for cart in world.carts if not cart.is_running}
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for episode, _, field in _errors(world):
        if episode not in carts:
            continue
        month = month_of(world.shop.on(carts[episode].opened_at))
        for period in periods(world.shop):
            if period.holds(month):
                groups[period.key, field].append(episode)
    rows = []
    for (period_key, field), held in groups.items():
        hit = set(held)
        ordered = sum(carts[episode].close_reason == "ordered" for episode in hit)
        rows.append(
            {
                "period_key": period_key,
                "field_name": field,
                "cart_count": len(hit),
                "ordered_count": ordered,
                "error_count": len(held),
                "ordered_rate": rate(ordered, len(hit)),
            }
        )
    return rows


def rpt_checkout_steps(world: World) -> list[Fact]:
    """How far settled carts came, and where form errors stood in the way."""
    errors = Counter((episode, step) for episode, step, _ in _errors(world))
    groups: dict[tuple[str, int], list[Episode]] = defaultdict(list)
    for cart in world.carts:
        month: date | None = month_of(world.shop.on(cart.opened_at))
        if cart.is_running:
            continue
        for period in periods(world.shop):
            if period.holds(month):
                for step in range(1, cart.furthest_step + 1):
                    groups[period.key, step].append(cart)
    rows = []
    for (period_key, step), held in groups.items():
        left = sum(cart.furthest_step == step for cart in held) if step < len(STEPS) else 0
        hit = [cart for cart in held if errors[cart.episode_id, step]]
        rows.append(
            {
                "period_key": period_key,
                "step_number": step,
                "step_key": STEPS[step - 1],
                "reached_count": len(held),
                "reached_person_count": len({cart.person for cart in held} - {None}),
                "continued_count": sum(cart.furthest_step > step for cart in held),
                "left_count": left,
                "form_error_cart_count": len(hit),
                "form_error_ordered_count": sum(c.furthest_step == len(STEPS) for c in hit),
                "form_error_count": sum(errors[cart.episode_id, step] for cart in held),
                "drop_off_rate": rate(left, len(held)),
                "form_error_rate": rate(len(hit), len(held)),
            }
        )
    return rows


def _errors(world: World) -> Iterator[tuple[str, int, str]]:
    """Episode of every form error, the furthest step reached when it came, and its field."""
    of_person: dict[str | None, list[Episode]] = defaultdict(list)
    for cart in world.carts:
        of_person[cart.person].append(cart)
    for event in world.shop["events"]:
        person = world.people.of_event(event)
        if event["event_name"] != "Form Error" or event["is_bot"] or person is None:
            continue
        at = event["occurred_at"]
        for cart in of_person[person]:
            if cart.opened_at <= at and (cart.closed_at is None or at < cart.closed_at):
                step = max(step for done_at, step in cart.steps if done_at <= at)
                yield cart.episode_id, step, str(event["field_name"] or "unknown")
