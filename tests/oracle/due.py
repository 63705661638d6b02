"""Steps of cart campaigns that are due now, and the goods such a mail may name."""

from datetime import datetime, timedelta

from tests.oracle.arms import known_arms
from tests.oracle.campaigns import cart_campaigns, version_of
from tests.oracle.episodes import Episode, Held
from tests.oracle.facts import Fact, Mart
from tests.oracle.known import Known, Row, money
from tests.oracle.outcomes import Outcome
from tests.oracle.world import World

MAILED = {"sent", "scheduled", "mailed"}
# Few enough to say so in a mail.
LOW_STOCK = 3


def fct_cart_steps_due(world: World) -> list[Fact]:
    """A step is due from its delay on until it is no longer valid; the next waits for the last."""
    shop = world.shop
    known = known_arms(shop)
    arms = {(a.version, a.occurrence, a.person): a.arm for a in world.assignments}
    rows = []
    for one in world.outcomes:
        cart, version = one.cart, one.version
        campaign = cart_campaigns(shop).get(version) if version else None
        if campaign is None or not campaign["is_active"]:
            continue
        if cart.close_reason is not None or cart.person is None or cart.identified_at is None:
            continue
        arm = arms.get((version, cart.episode_id, cart.person))
        named = known[version].get(arm, Row())
        for number, due_at, until in _due(shop, one, first_delay=named["delay_minutes"]):
            if campaign["ends_at"] is not None and campaign["ends_at"] <= due_at:
                continue
            rows.append(
                {
                    "episode_id": cart.episode_id,
                    "person_id": cart.person,
                    "campaign_key": campaign["campaign_key"],
                    "campaign_version": campaign["campaign_version"],
                    "step_number": number,
                    "arm_key": arm,
                    "channel": campaign["channel"],
                    "stage": cart.stage,
                    "last_activity_precision": cart.precision,
                    "is_held_out": bool(named["is_holdout"]),
                    "is_mailed_by_shop": _is_mailed(shop, cart.cart_ids),
                    "item_count": sum(held.quantity > 0 for held in cart.valued.values()),
                    "value_amount": cart.value_amount(),
                    "last_activity_at": cart.last_activity_at,
                    "qualified_at": cart.abandonments[-1],
                    "due_at": due_at,
                    "valid_until_at": until,
                }
            )
    return rows


def _due(shop: Known, one: Outcome, *, first_delay: object) -> list[tuple[int, datetime, datetime]]:
    """Number, instant and end of every step that is due and still valid."""
    steps = {
        int(str(row["step_number"])): row
        for row in shop["campaign_steps"]
        if version_of(row) == one.version
    }
    delays = {number: int(str(row["delay_minutes"])) for number, row in steps.items()}
    if 1 in delays and first_delay is not None:
        delays[1] = int(str(first_delay))
    done = one.ledgered.done if one.ledgered else {}
    found = []
    for number, delay in delays.items():
        due_at = one.cart.last_activity_at + timedelta(minutes=delay)
        if number > 1:
            if number - 1 not in done or number - 1 not in delays:
                continue
            spacing = timedelta(minutes=max(delay - delays[number - 1], 0))
            due_at = max(due_at, done[number - 1] + spacing)
        until = due_at + timedelta(hours=int(str(steps[number]["validity_hours"])))
        if due_at <= shop.as_of < until:
            found.append((number, due_at, until))
    return found


def _is_mailed(shop: Known, cart_ids: set[str]) -> bool:
    """The shop's own system has reminded of the cart, or will."""
    return any(
        cart["cart_id"] in cart_ids and str(cart["source_mail_state"]).lower() in MAILED
        for cart in shop["carts"]
    )


def fct_campaign_steps_done(world: World) -> list[Fact]:
    """When each step was first handed over or held out, by campaign, occurrence and person."""
    first: dict[tuple[object, ...], datetime] = {}

    def done(batch: Row, claim: Row, at: datetime) -> None:
        person = world.people.of_claim(claim)
        place = (batch["campaign_key"], batch["step_number"], claim["occurrence_key"], person)
        if person is not None:
            first[place] = min(first.get(place, at), at)

    for message in world.messages:
        handed = message.handed
        done(handed.batch, handed.claim, handed.handed_over_at)
    batches = {
        row["export_batch_id"]: row
        for row in world.shop["export_batches"]
        if row["batch_state"] not in {"void", "expired"}
    }
    for claim in world.shop["export_claims"]:
        batch = batches.get(claim["export_batch_id"])
        if batch is not None and claim["claim_state"] == "held_out":
            done(batch, claim, claim["claimed_at"])
    return [
        {
            "campaign_key": campaign,
            "step_number": step,
            "occurrence_key": occurrence,
            "person_id": person,
            "done_at": at,
        }
        for (campaign, step, occurrence, person), at in first.items()
    ]


def fct_cart_episode_items(world: World) -> list[Fact]:
    """What lies in each cart or did when it closed, the goods put in last first."""
    products = {str(row["product_id"]): row for row in world.shop["products"]}
    rows = []
    for cart in world.carts:
        held = [(item, one) for item, one in sorted(cart.last.items()) if one.quantity > 0]
        # Goods only seen in the cart come last: nobody knows when they were put in.
        held.sort(key=lambda pair: _put_in(pair[1], cart), reverse=True)
        for number, (_, one) in enumerate(held, 1):
            rows.append(
                {
                    "episode_id": cart.episode_id,
                    "item_no": number,
                    "product_id": one.product,
                    "sku": one.sku,
                    **shelf_of(world.shop, one.product),
                    "quantity": one.quantity,
                    "unit_amount": one.price,
                    "price_now_amount": _price_now(one, products),
                    "added_at": one.added_at,
                }
            )
    return rows


def _put_in(held: Held, cart: Episode) -> tuple[bool, datetime]:
    return held.added_at is not None, held.added_at or cart.opened_at


def _price_now(held: Held, products: dict[str, Row]) -> object:
    product = products.get(str(held.product))
    return None if product is None else money(product["price_amount"])


def shelf_of(shop: Known, product_id: object) -> Fact:
    """Whether goods are in the catalogue and can be bought, and how many are left."""
    product = next((row for row in shop["products"] if row["product_id"] == product_id), None)
    if product is None:
        return {"is_in_catalogue": False, "is_purchasable": False, "stock_band": "unknown"}
    variants = [row for row in shop["product_variants"] if row["product_id"] == product_id]
    has_stock = (
        any(_has_stock(variant, product) for variant in variants)
        if variants
        else _is_in_stock(product)
    )
    is_left = has_stock and product["product_state"] == "published" and not product["deleted_at"]
    band = "unknown"
    if not is_left:
        band = "out"
    elif product["stock_policy"] == "tracked" and product["stock_quantity"] is not None:
        band = "low" if product["stock_quantity"] <= LOW_STOCK else "in"
    return {"is_in_catalogue": True, "is_purchasable": is_left, "stock_band": band}


def _has_stock(variant: Row, product: Row) -> bool:
    """Where a variant's own stock is not said, its product's is all there is to know."""
    is_said = variant["stock_policy"] not in {None, "unknown"}
    is_sold = variant["variant_state"] not in {"hidden", "discontinued"}
    return is_sold and _is_in_stock(variant if is_said else product)


def _is_in_stock(row: Row) -> bool:
    is_counted = row["stock_policy"] == "tracked" and row["stock_quantity"] is not None
    return not is_counted or row["stock_quantity"] > 0


MARTS: dict[str, Mart] = {
    "fct_campaign_steps_done": (
        ("campaign_key", "step_number", "occurrence_key", "person_id"),
        fct_campaign_steps_done,
    ),
    "fct_cart_steps_due": (("episode_id", "step_number"), fct_cart_steps_due),
    "fct_cart_episode_items": (("episode_id", "item_no"), fct_cart_episode_items),
}
